import type { Queryable } from "@ordermesh/postgres/tx";
import { isVisible, orderNotFound } from "./change-orders.ts";
import type { Order, OrderStatusChange } from "./domain/order.ts";
import { type OrderFilter, type OrderPosition, listOrders as selectOrders } from "./sql/order-list.ts";
import { findHistory, findOrders } from "./sql/orders.ts";

/**
 * @param limitedToUserId whose orders the caller may see; undefined: anybody's.
 * @throws Failure `not_found` that names the order, also if it is somebody else's.
 */
export async function getOrder(
  db: Queryable,
  orderId: bigint,
  limitedToUserId: bigint | undefined,
): Promise<{ readonly order: Order; readonly history: readonly OrderStatusChange[] }> {
  const [[order], history] = await Promise.all([findOrders(db, [orderId]), findHistory(db, orderId)]);
  if (order === undefined || !isVisible(order, limitedToUserId)) {
    throw orderNotFound(orderId);
  }
  return { order, history };
}

export interface OrderPage {
  readonly orders: readonly Order[];
  /** Undefined on the last page. */
  readonly next: OrderPosition | undefined;
}

/** One page of orders, newest first. One more than the page is read, to know whether another page follows. */
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
