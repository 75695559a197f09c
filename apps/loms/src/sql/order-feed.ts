import type { Queryable } from "@ordermesh/postgres/tx";
import type { CancelReason, OrderStatus } from "../domain/order.ts";

/** A place in the feed: after this change of this order in this transaction. */
export interface FeedPosition {
  readonly transactionId: bigint;
  readonly orderId: bigint;
  readonly version: number;
}

export interface FeedEntry extends FeedPosition {
  readonly userId: bigint;
  readonly status: OrderStatus;
  readonly cancelReason: CancelReason | undefined;
  readonly changedAt: Date;
  /** Who did what; undefined for the two steps with which an order begins. */
  readonly role: string | undefined;
  readonly action: string | undefined;
  /** The item that it was about. */
  readonly sku: number | undefined;
}

/**
 * Changes after a position and before an end, in the order of the feed, up to a count.
 *
 * @param endId where what is complete ends. Changes of transactions at or above it are left for the next look.
 */
export async function readFeed(
  db: Queryable,
  after: FeedPosition,
  endId: bigint,
  countMax: number,
): Promise<FeedEntry[]> {
  const rows = await db.query<{
    transaction_id: string;
    order_id: bigint;
    version: number;
    status: OrderStatus;
    cancel_reason: CancelReason | null;
    changed_at: Date;
    role: string | null;
    action: string | null;
    sku: bigint | null;
    user_id: bigint;
  }>(
    `select h.transaction_id::text, h.order_id, h.version, h.status, h.cancel_reason, h.changed_at, h.role, h.action, h.sku,
       o.user_id
     from (
       select * from order_history
       where transaction_id >= $1::xid8 and transaction_id < $4::xid8
         and (transaction_id > $1::xid8 or (order_id, version) > ($2::bigint, $3::int))
       order by transaction_id, order_id, version limit $5
     ) as h join orders o on o.id = h.order_id
     order by h.transaction_id, h.order_id, h.version`,
    [`${after.transactionId}`, `${after.orderId}`, after.version, `${endId}`, countMax],
  );
  return rows.map((row) => ({
    transactionId: BigInt(row.transaction_id),
    orderId: row.order_id,
    version: row.version,
    userId: row.user_id,
    status: row.status,
    cancelReason: row.cancel_reason ?? undefined,
    changedAt: row.changed_at,
    role: row.role ?? undefined,
    action: row.action ?? undefined,
    sku: row.sku === null ? undefined : Number(row.sku),
  }));
}

/** How many changes lie after a position, counted up to a bound. */
export async function countFeed(db: Queryable, after: FeedPosition, countMax: number): Promise<number> {
  const [row] = await db.query<{ count: bigint }>(
    `select count(*) as count from (
       select from order_history where transaction_id > $1::xid8 limit $2
     ) as bounded`,
    [`${after.transactionId}`, countMax],
  );
  return Number(row?.count ?? 0);
}
