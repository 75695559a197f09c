import { create } from "@bufbuild/protobuf";
import type { OrderChange } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { type Order, OrderStatusChangeSchema } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";

/**
 * An order after one of its steps. The same object if it knew the step already: answers and changes overtake each other,
 * and the version says which is newer.
 */
export function orderAfter(order: Order, change: OrderChange): Order {
  if (change.orderId !== order.orderId || change.version <= order.version) {
    return order;
  }
  const { version, status, stateCode, cancelReason } = change;
  const entry = create(OrderStatusChangeSchema, {
    version,
    status,
    cancelReason,
    stateCode,
    changedTime: change.changedTime,
    role: change.role,
    action: change.action,
    itemSku: change.itemSku,
  });
  // A step in between that was not heard makes a hole: then the history is read anew, and not guessed.
  const follows = order.history.length > 0 && version === order.version + 1;
  const history = follows ? [...order.history, entry] : order.history;
  return { ...order, version, status, stateCode, cancelReason, history };
}

/** The same for a list; the same list if nothing in it changed. */
export function ordersAfter(orders: readonly Order[], change: OrderChange): readonly Order[] {
  const index = orders.findIndex(({ orderId }) => orderId === change.orderId);
  const order = orders[index];
  const next = order === undefined ? order : orderAfter(order, change);
  return next === undefined || next === order ? orders : orders.with(index, next);
}
