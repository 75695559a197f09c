import { arrayLiteral, type Queryable, type Tx } from "@ordermesh/postgres/tx";
import type {
  CancelReason,
  LineAttribute,
  Order,
  OrderHead,
  OrderLine,
  OrderStatus,
  OrderWorkflow,
  Shortage,
} from "../domain/order.ts";

/** The clock that decides: the database's, to the millisecond, so that what is stored is what is announced. */
export async function transactionTime(tx: Queryable): Promise<Date> {
  const [row] = await tx.query<{ now: Date }>("select date_trunc('milliseconds', now()) as now");
  if (row === undefined) {
    throw new Error("The database did not tell its time.");
  }
  return row.now;
}

interface Lateness {
  /** Null for an order without a deadline. */
  readonly is_past_deadline: boolean | null;
}

/** Locks orders by id, which everything does before it locks stock levels. Ids without an order are left out. */
export async function lockOrders(tx: Tx, orderIds: readonly bigint[]): Promise<OrderHead[]> {
  const rows = await tx.query<OrderRow & Lateness>(
    `select ${orderColumns}, payment_due_at <= clock_timestamp() as is_past_deadline
     from orders where id = any($1::bigint[]) order by id for no key update`,
    [arrayLiteral(orderIds)],
  );
  return rows.map(headOf);
}

/** Orders as lockOrders finds them, for a look without a lock. */
export async function findOrderHeads(db: Queryable, orderIds: readonly bigint[]): Promise<OrderHead[]> {
  const rows = await db.query<OrderRow & Lateness>(
    `select ${orderColumns}, payment_due_at <= clock_timestamp() as is_past_deadline
     from orders where id = any($1::bigint[])`,
    [arrayLiteral(orderIds)],
  );
  return rows.map(headOf);
}

function headOf(row: OrderRow & Lateness): OrderHead {
  const { lines, ...order } = orderOf(row, []);
  return { ...order, step: row.step, isPastDeadline: row.is_past_deadline ?? false };
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
    attributes: readonly LineAttribute[] | null;
  }>(
    `select order_id, sku, quantity, name, unit_price_minor, attributes from order_lines
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
      attributes: row.attributes ?? undefined,
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
    tx.query<OrderRow>(`select ${orderColumns} from orders where id = any($1::bigint[])`, [
      arrayLiteral(orderIds),
    ]),
    findOrderLines(tx, orderIds),
  ]);
  return rows.map((row) => orderOf(row, lines.get(row.id) ?? []));
}

/** What orderOf reads. */
export const orderColumns = `id, user_id, status, version, step, workflow, workflow_version, currency_code, total_minor,
  refunded_minor, cancel_reason, shortages, created_at, payment_due_at`;

export interface OrderRow {
  readonly id: bigint;
  readonly user_id: bigint;
  readonly status: OrderStatus;
  readonly version: number;
  readonly step: number;
  readonly workflow: OrderWorkflow;
  readonly workflow_version: number;
  readonly refunded_minor: bigint;
  readonly currency_code: string | null;
  readonly total_minor: bigint | null;
  readonly cancel_reason: CancelReason | null;
  readonly shortages: readonly Shortage[] | null;
  readonly created_at: Date;
  /** Null at a table. */
  readonly payment_due_at: Date | null;
}

export function orderOf(row: OrderRow, lines: readonly OrderLine[]): Order {
  return {
    id: row.id,
    userId: row.user_id,
    status: row.status,
    version: row.version,
    workflow: { name: row.workflow, version: row.workflow_version },
    lines,
    total:
      row.currency_code === null || row.total_minor === null
        ? undefined
        : { currencyCode: row.currency_code, amountMinor: Number(row.total_minor) },
    createdAt: row.created_at,
    paymentDueAt: row.payment_due_at ?? undefined,
    cancelReason: row.cancel_reason ?? undefined,
    shortages: row.shortages ?? [],
    refundedMinor: Number(row.refunded_minor),
  };
}
