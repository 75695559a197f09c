import { arrayLiteral, type Queryable, type Tx } from "@ordermesh/postgres/tx";
import type {
  OrderState,
  SessionOrder,
  SessionOrderLine,
  SessionOrderStatus,
} from "../domain/session-order.ts";

const columns = `o.id, o.session_id, o.guest_id, o.staff_user_id, o.lines, o.note, o.total_minor, o.order_id, o.status,
  o.version, o.reason, o.bill_id, o.placed_at, o.changed_at`;

export interface NewSessionOrder {
  readonly sessionId: bigint;
  readonly guestId: bigint;
  readonly staffUserId: bigint | undefined;
  readonly placedBy: string;
  readonly idempotencyKey: string;
  readonly requestHash: Uint8Array;
  readonly lines: readonly SessionOrderLine[];
  readonly note: string;
  readonly totalMinor: bigint;
  readonly traceparent: string;
  /** How long whoever inserts it has for placing it, before the recovery does. */
  readonly leaseMs: number;
}

/** @returns undefined if the key was used before in this session. */
export async function insertSessionOrder(tx: Tx, order: NewSessionOrder): Promise<SessionOrder | undefined> {
  const rows = await tx.query<SessionOrderRow>(
    `insert into session_orders as o (session_id, guest_id, staff_user_id, placed_by, idempotency_key, request_hash, lines,
       note, total_minor, traceparent, next_try_at)
     values ($1::bigint, $2::bigint, $3::bigint, $4, $5, $6::bytea, $7::text::jsonb, $8, $9::bigint, $10,
       clock_timestamp() + $11::bigint * interval '1 millisecond')
     on conflict (session_id, placed_by, idempotency_key) do nothing returning ${columns}`,
    [
      order.sessionId,
      order.guestId,
      order.staffUserId ?? null,
      order.placedBy,
      order.idempotencyKey,
      order.requestHash,
      JSON.stringify(order.lines.map(storedLine)),
      order.note,
      order.totalMinor,
      order.traceparent,
      order.leaseMs,
    ],
  );
  return rows.map(sessionOrderOf)[0];
}

export async function findByKey(
  db: Queryable,
  key: { readonly sessionId: bigint; readonly placedBy: string; readonly idempotencyKey: string },
): Promise<{ readonly order: SessionOrder; readonly requestHash: Uint8Array } | undefined> {
  const [row] = await db.query<SessionOrderRow & { readonly request_hash: Uint8Array }>(
    `select ${columns}, o.request_hash from session_orders o
     where o.session_id = $1::bigint and o.placed_by = $2 and o.idempotency_key = $3`,
    [key.sessionId, key.placedBy, key.idempotencyKey],
  );
  return row && { order: sessionOrderOf(row), requestHash: row.request_hash };
}

/** Those that LOMS has, in the order in which they were placed. */
export async function listSessionOrders(db: Queryable, sessionId: bigint): Promise<SessionOrder[]> {
  const rows = await db.query<SessionOrderRow>(
    `select ${columns} from session_orders o where o.session_id = $1::bigint and o.order_id is not null order by o.id`,
    [sessionId],
  );
  return rows.map(sessionOrderOf);
}

/** By the row's own id. */
export async function findSessionOrder(db: Queryable, id: bigint): Promise<SessionOrder | undefined> {
  const rows = await db.query<SessionOrderRow>(
    `select ${columns} from session_orders o where o.id = $1::bigint`,
    [id],
  );
  return rows.map(sessionOrderOf)[0];
}

/** Of a session that the transaction has locked, by their ids in LOMS; in the order of these ids. */
export async function findPlacedOrders(
  db: Queryable,
  sessionId: bigint,
  orderIds: readonly bigint[],
): Promise<SessionOrder[]> {
  const rows = await db.query<SessionOrderRow>(
    `select ${columns} from session_orders o
     where o.session_id = $1::bigint and o.order_id = any($2::bigint[]) order by o.order_id`,
    [sessionId, arrayLiteral(orderIds)],
  );
  return rows.map(sessionOrderOf);
}

/** What LOMS is being asked for, or nobody knows. */
export async function countPlacing(db: Queryable, sessionId: bigint): Promise<number> {
  const [row] = await db.query<{ count: bigint }>(
    `select count(*) as count from session_orders where session_id = $1::bigint and status = 'placing'`,
    [sessionId],
  );
  return Number(row?.count ?? 0);
}

/** Gives an order, which was being placed, its id and its state in LOMS. */
export async function updatePlaced(
  tx: Tx,
  id: bigint,
  orderId: bigint,
  state: OrderState,
): Promise<SessionOrder> {
  return onlyRow(
    await tx.query<SessionOrderRow>(
      `update session_orders o set order_id = $2::bigint, status = $3::session_order_status, version = $4, reason = $5,
         changed_at = date_trunc('milliseconds', clock_timestamp())
       where o.id = $1::bigint and o.status = 'placing' returning ${columns}`,
      [id, orderId, state.status, state.version, state.reason],
    ),
  );
}

export async function updateOrderState(tx: Tx, id: bigint, state: OrderState): Promise<SessionOrder> {
  return onlyRow(
    await tx.query<SessionOrderRow>(
      `update session_orders o set status = $2::session_order_status, version = $3, reason = $4,
         changed_at = date_trunc('milliseconds', clock_timestamp())
       where o.id = $1::bigint and o.version < $3 returning ${columns}`,
      [id, state.status, state.version, state.reason],
    ),
  );
}

/** Puts orders on a bill, or takes them off (undefined). @returns them, in the order in which they were placed. */
export async function updateBill(
  tx: Tx,
  ids: readonly bigint[],
  billId: bigint | undefined,
): Promise<SessionOrder[]> {
  const rows = await tx.query<SessionOrderRow>(
    `update session_orders o set bill_id = $2::bigint where o.id = any($1::bigint[]) returning ${columns}`,
    [arrayLiteral(ids), billId ?? null],
  );
  return rows.map(sessionOrderOf).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Takes back an order that LOMS will never make. */
export async function deletePlacing(tx: Tx, id: bigint): Promise<boolean> {
  const deleted = await tx.query(
    `delete from session_orders where id = $1::bigint and status = 'placing' returning 1`,
    [id],
  );
  return deleted.length > 0;
}

/**
 * Takes orders that have been in the making for too long, those due longest first. Nobody else takes them for the time of the lease, which doubles with each try.
 */
export async function claimPlacing(
  tx: Tx,
  options: { readonly countMax: number; readonly leaseMs: number; readonly leaseMaxMs: number },
): Promise<SessionOrder[]> {
  const rows = await tx.query<SessionOrderRow>(
    `update session_orders o set attempts = o.attempts + 1,
       next_try_at = clock_timestamp()
         + least($2::bigint * power(2, least(o.attempts, 20))::bigint, $3::bigint) * interval '1 millisecond'
     where o.id in (
       select id from session_orders where status = 'placing' and next_try_at <= clock_timestamp()
       order by next_try_at, id limit $1 for update skip locked
     ) returning ${columns}`,
    [options.countMax, options.leaseMs, options.leaseMaxMs],
  );
  return rows.map(sessionOrderOf);
}

/** What a session has in the making, whoever is at it. */
export async function listPlacing(db: Queryable, sessionId: bigint): Promise<SessionOrder[]> {
  const rows = await db.query<SessionOrderRow>(
    `select ${columns} from session_orders o where o.session_id = $1::bigint and o.status = 'placing' order by o.id`,
    [sessionId],
  );
  return rows.map(sessionOrderOf);
}

interface StoredLine {
  readonly sku: number;
  readonly quantity: number;
  readonly name: string;
  readonly unit_price_minor: string;
  readonly note: string;
}

function storedLine({ sku, quantity, name, unitPriceMinor, note }: SessionOrderLine): StoredLine {
  return { sku, quantity, name, unit_price_minor: `${unitPriceMinor}`, note };
}

export interface SessionOrderRow {
  readonly id: bigint;
  readonly session_id: bigint;
  readonly guest_id: bigint;
  readonly staff_user_id: bigint | null;
  readonly lines: StoredLine[];
  readonly note: string;
  readonly total_minor: bigint;
  readonly order_id: bigint | null;
  readonly status: SessionOrderStatus;
  readonly version: number;
  readonly reason: string;
  readonly bill_id: bigint | null;
  readonly placed_at: Date;
  readonly changed_at: Date;
}

function onlyRow(rows: readonly SessionOrderRow[]): SessionOrder {
  const [row] = rows;
  if (row === undefined) {
    throw new Error("An order of a locked session is not as it was read.");
  }
  return sessionOrderOf(row);
}

export const sessionOrderColumns = columns;

export function sessionOrderOf(row: SessionOrderRow): SessionOrder {
  return {
    id: row.id,
    sessionId: row.session_id,
    guestId: row.guest_id,
    staffUserId: row.staff_user_id ?? undefined,
    lines: row.lines.map(({ unit_price_minor, ...line }) => ({
      ...line,
      unitPriceMinor: BigInt(unit_price_minor),
    })),
    note: row.note,
    totalMinor: row.total_minor,
    orderId: row.order_id ?? undefined,
    status: row.status,
    version: row.version,
    reason: row.reason,
    billId: row.bill_id ?? undefined,
    placedAt: row.placed_at,
    changedAt: row.changed_at,
  };
}
