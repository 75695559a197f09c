import { create } from "@bufbuild/protobuf";
import { OrderChangeSchema } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { OrderSchema, OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { expect, test } from "vitest";
import { orderAfter, ordersAfter } from "./order-changes.ts";

const order = create(OrderSchema, {
  orderId: 9_007_199_254_740_993n,
  version: 2,
  status: OrderStatus.AWAITING_PAYMENT,
  stateCode: "WP",
  history: [
    { version: 1, status: OrderStatus.NEW },
    { version: 2, status: OrderStatus.AWAITING_PAYMENT, stateCode: "WP" },
  ],
});

function change(version: number, status = OrderStatus.PAID) {
  return create(OrderChangeSchema, { orderId: order.orderId, version, status, stateCode: "FP", role: "P" });
}

test("a newer step takes the order on, and its history", () => {
  const next = orderAfter(order, change(3));
  expect(next).toMatchObject({ version: 3, status: OrderStatus.PAID, stateCode: "FP" });
  expect(next.history.map(({ version }) => version)).toEqual([1, 2, 3]);
});

test("an old step, and one that is known, change nothing", () => {
  expect(orderAfter(order, change(2))).toBe(order);
  expect(orderAfter(order, change(1))).toBe(order);
});

test("a step that was not heard leaves the history as it was", () => {
  const next = orderAfter(order, change(5));
  expect(next.version).toBe(5);
  expect(next.history).toHaveLength(2);
});

test("a list changes in its row only, and not at all without one", () => {
  const other = create(OrderSchema, { orderId: 1n, version: 1 });
  const orders = [other, order];
  const next = ordersAfter(orders, change(3));
  expect(next[0]).toBe(other);
  expect(next[1]?.version).toBe(3);
  expect(ordersAfter(orders, change(2))).toBe(orders);
  expect(ordersAfter([other], change(3))).toHaveLength(1);
});
