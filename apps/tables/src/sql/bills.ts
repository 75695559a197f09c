import { arrayLiteral, type Queryable, type Tx } from "@ordermesh/postgres/tx";
import type { Bill, BillShare, BillState, Settlement, ShareState } from "../domain/bill.ts";
import type { ShareDraft } from "../domain/split-bill.ts";

/** Whoever writes here has locked the session: that is what guards its bills. */

export interface NewBill {
  readonly sessionId: bigint;
  readonly totalMinor: bigint;
  readonly madeBy: string;
  readonly traceparent: string;
  readonly orders: readonly { readonly orderId: bigint; readonly totalMinor: bigint }[];
  readonly shares: readonly ShareDraft[];
}

/** @returns the id. */
export async function insertBill(tx: Tx, bill: NewBill): Promise<bigint> {
  const [row] = await tx.query<{ id: bigint }>(
    "insert into bills (session_id, total_minor, made_by, traceparent) values ($1::bigint, $2::bigint, $3, $4) returning id",
    [bill.sessionId, bill.totalMinor, bill.madeBy, bill.traceparent],
  );
  if (row === undefined) {
    throw new Error("The bill was not stored.");
  }
  tx.execute(
    `insert into bill_orders (bill_id, order_id, total_minor)
     select $1::bigint, order_id, total_minor from unnest($2::bigint[], $3::bigint[]) as o (order_id, total_minor)`,
    [
      row.id,
      arrayLiteral(bill.orders.map(({ orderId }) => orderId)),
      arrayLiteral(bill.orders.map(({ totalMinor }) => totalMinor)),
    ],
  );
  tx.execute(
    `insert into bill_shares (bill_id, position, guest_id, amount_minor)
     select $1::bigint, position, nullif(guest_id, 0), amount_minor
     from unnest($2::bigint[], $3::bigint[]) with ordinality as s (guest_id, amount_minor, position)`,
    [
      row.id,
      arrayLiteral(bill.shares.map(({ guestId }) => guestId ?? 0n)),
      arrayLiteral(bill.shares.map(({ amountMinor }) => amountMinor)),
    ],
  );
  return row.id;
}

/** Which bills: all of a session, or one. */
export type BillFilter =
  | { readonly sessionId: bigint }
  | { readonly billId: bigint }
  | { readonly shareId: bigint };

/** Oldest first, with orders and shares. */
export async function listBills(db: Queryable, filter: BillFilter): Promise<Bill[]> {
  const { condition, id } = conditionOf(filter);
  const rows = await db.query<BillRow>(
    `select b.id, b.session_id, b.state, s.currency_code, b.total_minor, b.traceparent, b.made_at,
       coalesce((select json_agg(o.order_id::text order by so.id) from bill_orders o
         join session_orders so on so.order_id = o.order_id where o.bill_id = b.id), '[]') as order_ids
     from bills b join sessions s on s.id = b.session_id where ${condition} order by b.id`,
    [id],
  );
  if (rows.length === 0) {
    return [];
  }
  const shares = await db.query<ShareRow>(
    `select ${shareColumns} from bill_shares where bill_id = any($1::bigint[]) order by bill_id, position`,
    [arrayLiteral(rows.map((row) => row.id))],
  );
  return rows.map((row) => ({
    id: row.id,
    sessionId: row.session_id,
    state: row.state,
    currencyCode: row.currency_code,
    totalMinor: row.total_minor,
    orderIds: row.order_ids.map(BigInt),
    shares: shares.filter(({ bill_id }) => bill_id === row.id).map(shareOf),
    traceparent: row.traceparent,
    madeAt: row.made_at,
  }));
}

/** Which session a share belongs to: that never changes. */
export async function findSessionOfShare(db: Queryable, shareId: bigint): Promise<bigint | undefined> {
  const [row] = await db.query<{ session_id: bigint }>(
    "select b.session_id from bill_shares s join bills b on b.id = s.bill_id where s.id = $1::bigint",
    [shareId],
  );
  return row?.session_id;
}

/** Ends a bill; `settled` has LOMS told that its orders are paid, `void` sets them free. */
export function endBill(tx: Tx, billId: bigint, state: "settled" | "void"): void {
  tx.execute(
    `update bills set state = $2::bill_state, ended_at = date_trunc('milliseconds', clock_timestamp())
     where id = $1::bigint and state = 'open'`,
    [billId, state],
  );
  tx.execute(
    state === "void"
      ? "update bill_orders set is_live = false where bill_id = $1::bigint"
      : "update bill_orders set pay_at = now() where bill_id = $1::bigint and paid_at is null",
    [billId],
  );
}

/** What becomes of a share; what is left out stays. */
export interface ShareChange {
  readonly state: ShareState;
  readonly settledBy: Settlement | undefined;
  readonly memo: string;
  readonly declineCode: string;
  readonly cancelsPayment: boolean;
}

/** Takes a share out of the state in which a payment is under way, or that of nobody having paid. */
export function updateShare(tx: Tx, shareId: bigint, change: ShareChange): void {
  tx.execute(
    `update bill_shares set state = $2::share_state, settled_by = $3::settlement_kind, memo = $4, decline_code = $5,
       paid_at = case $2::share_state when 'paid' then date_trunc('milliseconds', clock_timestamp()) end,
       check_at = null, cancel_at = case when $6 then now() else cancel_at end
     where id = $1::bigint`,
    [shareId, change.state, change.settledBy ?? null, change.memo, change.declineCode, change.cancelsPayment],
  );
}

/** Has the payment service told that nothing may be paid for it any more. */
export function cancelPayment(tx: Tx, shareIds: readonly bigint[]): void {
  tx.execute("update bill_shares set cancel_at = now() where id = any($1::bigint[]) and try_id is not null", [
    arrayLiteral(shareIds),
  ]);
}

/** @param checkAfterMs when the payment service is asked what became of it, if that is not known by then. */
export function beginTry(
  tx: Tx,
  shareId: bigint,
  begun: { readonly tryId: bigint; readonly guestId: bigint; readonly checkAfterMs: number },
): void {
  tx.execute(
    `update bill_shares set state = 'processing', try_id = $2::bigint, payer_guest_id = $3::bigint, decline_code = '',
       checks = 0, check_at = clock_timestamp() + $4::int * interval '1 millisecond'
     where id = $1::bigint`,
    [shareId, begun.tryId, begun.guestId, begun.checkAfterMs],
  );
}

/** Notes the newest that the payment service has told. */
export function notePayment(tx: Tx, shareId: bigint, paymentId: bigint, version: number): void {
  tx.execute(
    `update bill_shares set payment_id = $2::bigint, payment_version = greatest(payment_version, $3)
     where id = $1::bigint`,
    [shareId, paymentId, version],
  );
}

/** Marks a share that is being paid: if that comes to nothing, it is written off. The first reason stays. */
export function askWriteOff(tx: Tx, shareId: bigint, reason: string): void {
  tx.execute(
    `update bill_shares set write_off_reason = $2, write_off_asked_at = clock_timestamp()
     where id = $1::bigint and write_off_reason is null`,
    [shareId, reason],
  );
}

/** Of a session that is locked: what has come in by card or cash. */
export function addPaid(tx: Tx, sessionId: bigint, amountMinor: bigint): void {
  tx.execute("update sessions set paid_minor = paid_minor + $2::bigint where id = $1::bigint", [
    sessionId,
    amountMinor,
  ]);
}

function conditionOf(filter: BillFilter): { readonly condition: string; readonly id: bigint } {
  if ("sessionId" in filter) {
    return { condition: "b.session_id = $1::bigint", id: filter.sessionId };
  }
  return "billId" in filter
    ? { condition: "b.id = $1::bigint", id: filter.billId }
    : { condition: "b.id = (select bill_id from bill_shares where id = $1::bigint)", id: filter.shareId };
}

interface BillRow {
  readonly id: bigint;
  readonly session_id: bigint;
  readonly state: BillState;
  readonly currency_code: string;
  readonly total_minor: bigint;
  readonly order_ids: readonly string[];
  readonly traceparent: string;
  readonly made_at: Date;
}

interface ShareRow {
  readonly id: bigint;
  readonly bill_id: bigint;
  readonly guest_id: bigint | null;
  readonly amount_minor: bigint;
  readonly state: ShareState;
  readonly settled_by: Settlement | null;
  readonly memo: string;
  readonly decline_code: string;
  readonly try_id: bigint | null;
  readonly payer_guest_id: bigint | null;
  readonly payment_version: number;
  readonly write_off_reason: string | null;
}

const shareColumns = `id, bill_id, guest_id, amount_minor, state, settled_by, memo, decline_code, try_id, payer_guest_id,
  payment_version, write_off_reason`;

function shareOf(row: ShareRow): BillShare {
  return {
    id: row.id,
    guestId: row.guest_id ?? undefined,
    amountMinor: row.amount_minor,
    state: row.state,
    settledBy: row.settled_by ?? undefined,
    memo: row.memo,
    declineCode: row.decline_code,
    tryId: row.try_id ?? undefined,
    payerGuestId: row.payer_guest_id ?? undefined,
    paymentVersion: row.payment_version,
    writeOffReason: row.write_off_reason ?? undefined,
  };
}
