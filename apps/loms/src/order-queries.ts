import type { Database } from "@ordermesh/postgres/database";
import type { Queryable } from "@ordermesh/postgres/tx";
import type { Caller } from "@ordermesh/process/batcher";
import { orderNotFound } from "./domain/change-failures.ts";
import { isVisible } from "./domain/decide-change.ts";
import type { Order, OrderStatusChange } from "./domain/order.ts";
import type { StoredOrder } from "./domain/stored-order.ts";
import type { OrderReader } from "./order-reader.ts";
import { findHistory } from "./sql/order-history.ts";
import { type OrderFilter, type OrderPosition, listOrders as selectOrders } from "./sql/order-list.ts";
import { findOrders } from "./sql/orders.ts";
import { findTimersOf } from "./sql/timers.ts";

/** An order with its history. */
export interface OrderDetails {
  readonly order: StoredOrder;
  readonly history: readonly OrderStatusChange[];
  /** When a shipped order completes by itself; undefined: it does not, or waits for a refund. */
  readonly completesAt: Date | undefined;
}

/**
 * @param limitedToUserId whose orders the caller may see; undefined: anybody's.
 * @throws Failure `not_found` that names the order, also if it is somebody else's.
 */
export async function getOrderDetails(
  { database, reader }: { readonly database: Database; readonly reader: OrderReader },
  orderId: bigint,
  limitedToUserId: bigint | undefined,
  caller: Caller,
): Promise<OrderDetails> {
  const [order, history] = await Promise.all([
    reader.read(orderId, limitedToUserId, caller),
    database.read((db) => findHistory(db, orderId)),
  ]);
  const timers =
    order.head.status === "shipped" ? await database.read((db) => findTimersOf(db, orderId)) : [];
  const completion = timers.find(
    ({ kind, step }) => kind === "auto_ack_shipping" && step === order.head.step,
  );
  return { order, history, completesAt: completion?.dueAt };
}

/**
 * An order without its history, its items and its refunds.
 *
 * @throws Failure `not_found` that names the order, also if it is somebody else's.
 */
export async function getOrder(
  db: Queryable,
  orderId: bigint,
  limitedToUserId: bigint | undefined,
): Promise<Order> {
  const [order] = await findOrders(db, [orderId]);
  if (order === undefined || !isVisible(order, limitedToUserId)) {
    throw orderNotFound(orderId);
  }
  return order;
}

export interface OrderPage {
  readonly orders: readonly Order[];
  /** Undefined on the last page. */
  readonly next: OrderPosition | undefined;
}

/** One page of orders. One more than the page is read, to know whether another page follows. */
export async function listOrders(
  db: Queryable,
  filter: OrderFilter,
  after: OrderPosition | undefined,
  pageSize: number,
): Promise<OrderPage> {
  const found = await selectOrders(db, filter, after, pageSize + 1);
  const orders = found.slice(0, pageSize);
  const last = orders.at(-1);
  const next =
    found.length > pageSize && last !== undefined ? { createdAt: last.createdAt, id: last.id } : undefined;
  return { orders, next };
}
