import { arrayLiteral, type Queryable, type Tx, textArrayLiteral } from "@ordermesh/postgres/tx";
import type {
  CancelReason,
  Order,
  OrderLine,
  OrderStatus,
  OrderStatusChange,
  Shortage,
} from "../domain/order.ts";

/** The clock that decides: the database's, to the millisecond, so that what is stored is what is announced. */
export async function transactionTime(tx: Tx): Promise<Date> {
  const [row] = await tx.query<{ now: Date }>("select date_trunc('milliseconds', now()) as now");
  if (row === undefined) {
    throw new Error("The database did not tell its time.");
  }
  return row.now;
}

export interface HistoryRow extends OrderStatusChange {
  readonly orderId: bigint;
}

export function insertHistory(tx: Tx, changes: readonly HistoryRow[]): void {
  if (changes.length === 0) {
    return;
  }
  tx.execute(
    `insert into order_history (order_id, version, status, cancel_reason, changed_at)
     select * from unnest($1::bigint[], $2::int[], $3::order_status[], $4::cancel_reason[], $5::timestamptz[])`,
    [
      arrayLiteral(changes.map((change) => change.orderId)),
      arrayLiteral(changes.map((change) => change.version)),
      arrayLiteral(changes.map((change) => change.status)),
      arrayLiteral(changes.map((change) => change.cancelReason ?? "null")),
      textArrayLiteral(changes.map((change) => change.changedAt.toISOString())),
    ],
  );
}

/** An order whose row this transaction has locked. */
export interface LockedOrder {
  readonly id: bigint;
  readonly userId: bigint;
  readonly status: OrderStatus;
  readonly version: number;
  /** By the database's clock, when the lock was taken. */
  readonly isPastDeadline: boolean;
  readonly currencyCode: string | undefined;
  readonly totalMinor: bigint | undefined;
  readonly createdAt: Date;
  readonly paymentDueAt: Date;
}

/** Locks orders by id, which everything does before it locks stock levels. Ids without an order are left out. */
export async function lockOrders(tx: Tx, orderIds: readonly bigint[]): Promise<LockedOrder[]> {
  const rows = await tx.query<OrderRow & { is_past_deadline: boolean }>(
    `select id, user_id, status, version, currency_code, total_minor, cancel_reason, shortages, created_at,
       payment_due_at, payment_due_at <= clock_timestamp() as is_past_deadline
     from orders where id = any($1::bigint[]) order by id for no key update`,
    [arrayLiteral(orderIds)],
  );
  return rows.map((row) => ({
    id: row.id,
    userId: row.user_id,
    status: row.status,
    version: row.version,
    isPastDeadline: row.is_past_deadline,
    currencyCode: row.currency_code ?? undefined,
    totalMinor: row.total_minor ?? undefined,
    createdAt: row.created_at,
    paymentDueAt: row.payment_due_at,
  }));
}

/**
 * Moves locked orders that await payment on. The status is asked again although the lock makes it certain: a blind
 * update is how a payment was once overwritten by a timeout.
 */
export function updateStatus(
  tx: Tx,
  orderIds: readonly bigint[],
  status: OrderStatus,
  cancelReason: CancelReason | undefined,
): void {
  if (orderIds.length === 0) {
    return;
  }
  tx.execute(
    `update orders set status = $2::order_status, cancel_reason = $3::cancel_reason, version = version + 1
     where id = any($1::bigint[]) and status = 'awaiting_payment'`,
    [arrayLiteral(orderIds), status, cancelReason ?? null],
  );
}

export async function findOrderLines(
  tx: Queryable,
  orderIds: readonly bigint[],
): Promise<Map<bigint, OrderLine[]>> {
  const rows = await tx.query<{
    order_id: bigint;
    sku: bigint;
    quantity: number;
    name: string;
    unit_price_minor: bigint | null;
  }>(
    `select order_id, sku, quantity, name, unit_price_minor from order_lines
     where order_id = any($1::bigint[]) order by order_id, sku`,
    [arrayLiteral(orderIds)],
  );
  const lines = new Map<bigint, OrderLine[]>();
  for (const row of rows) {
    const line = {
      sku: Number(row.sku),
      quantity: row.quantity,
      name: row.name,
      unitPriceMinor: row.unit_price_minor === null ? undefined : Number(row.unit_price_minor),
    };
    const ofOrder = lines.get(row.order_id);
    if (ofOrder === undefined) {
      lines.set(row.order_id, [line]);
    } else {
      ofOrder.push(line);
    }
  }
  return lines;
}

/** Orders with their lines, in no particular order. */
export async function findOrders(tx: Queryable, orderIds: readonly bigint[]): Promise<Order[]> {
  const [rows, lines] = await Promise.all([
    tx.query<OrderRow>(
      `select id, user_id, status, version, currency_code, total_minor, cancel_reason, shortages, created_at,
         payment_due_at
       from orders where id = any($1::bigint[])`,
      [arrayLiteral(orderIds)],
    ),
    findOrderLines(tx, orderIds),
  ]);
  return rows.map((row) => orderOf(row, lines.get(row.id) ?? []));
}

export async function findHistory(tx: Queryable, orderId: bigint): Promise<OrderStatusChange[]> {
  const rows = await tx.query<{
    version: number;
    status: OrderStatus;
    cancel_reason: CancelReason | null;
    changed_at: Date;
  }>(
    `select version, status, cancel_reason, changed_at from order_history
     where order_id = $1::bigint order by version`,
    [orderId.toString()],
  );
  return rows.map((row) => ({
    version: row.version,
    status: row.status,
    cancelReason: row.cancel_reason ?? undefined,
    changedAt: row.changed_at,
  }));
}

export interface OrderRow {
  readonly id: bigint;
  readonly user_id: bigint;
  readonly status: OrderStatus;
  readonly version: number;
  readonly currency_code: string | null;
  readonly total_minor: bigint | null;
  readonly cancel_reason: CancelReason | null;
  readonly shortages: readonly Shortage[] | null;
  readonly created_at: Date;
  readonly payment_due_at: Date;
}

export function orderOf(row: OrderRow, lines: readonly OrderLine[]): Order {
  return {
    id: row.id,
    userId: row.user_id,
    status: row.status,
    version: row.version,
    lines,
    total:
      row.currency_code === null || row.total_minor === null
        ? undefined
        : { currencyCode: row.currency_code, amountMinor: Number(row.total_minor) },
    createdAt: row.created_at,
    paymentDueAt: row.payment_due_at,
    cancelReason: row.cancel_reason ?? undefined,
    shortages: row.shortages ?? [],
  };
}
