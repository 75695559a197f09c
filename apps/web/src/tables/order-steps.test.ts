import { create } from "@bufbuild/protobuf";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { BillState, TableSessionSchema } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { TableAction } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { expect, test } from "vitest";
import {
  billableOrders,
  differenceOf,
  isUnderWay,
  mayDecline,
  openEnds,
  stepsOf,
  sumOf,
} from "./order-steps.ts";

const { ACCEPT, CANCEL, PREPARE, SERVE } = TableAction;
const euro = (amountMinor: bigint) =>
  ({ $typeName: "ordermesh.type.v1.Money", currencyCode: "EUR", amountMinor }) as const;

test.each([
  [OrderStatus.PLACED, [ACCEPT, CANCEL], true],
  [OrderStatus.ACCEPTED, [PREPARE, SERVE], true],
  [OrderStatus.PREPARING, [SERVE], false],
  [OrderStatus.SERVED, [], false],
  [OrderStatus.PAID, [], false],
  [OrderStatus.DECLINED, [], false],
  [OrderStatus.CANCELED, [], false],
])("%s leads on as the contract says", (status, actions, canBeDeclined) => {
  expect(stepsOf(status).map(({ action }) => action)).toEqual(actions);
  expect(mayDecline(status)).toBe(canBeDeclined);
  expect(isUnderWay(status)).toBe(actions.length > 0);
});

test("what can be put on a bill, and what keeps a table open", () => {
  const session = create(TableSessionSchema, {
    orders: [
      { orderId: 1n, status: OrderStatus.SERVED },
      { orderId: 2n, status: OrderStatus.SERVED, billId: 5n },
      { orderId: 3n, status: OrderStatus.PREPARING },
      { orderId: 4n, status: OrderStatus.CANCELED },
    ],
    bills: [
      { billId: 5n, state: BillState.OPEN },
      { billId: 6n, state: BillState.SETTLED },
    ],
  });
  expect(billableOrders(session).map(({ orderId }) => orderId)).toEqual([1n]);
  const ends = openEnds(session);
  expect(ends.orders.map(({ orderId }) => orderId)).toEqual([3n]);
  expect(ends.bills.map(({ billId }) => billId)).toEqual([5n]);
});

test("sums are exact, and of nothing there are none", () => {
  expect(sumOf([euro(9_007_199_254_740_993n), undefined, euro(1n)])?.amountMinor).toBe(
    9_007_199_254_740_994n,
  );
  expect(sumOf([])).toBeUndefined();
  expect(differenceOf(euro(5n), euro(2n))?.amountMinor).toBe(3n);
  expect(differenceOf(undefined, euro(2n))).toBeUndefined();
});
