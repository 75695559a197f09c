import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { IncomingRecord } from "@ordermesh/kafka/record";
import {
  OrderActionAppliedSchema,
  OrderAwaitingPaymentSchema,
  OrderCanceledSchema,
  OrderDeclinedSchema,
  OrderFailedSchema,
  OrderPaidSchema,
  OrderPlacedSchema,
} from "@ordermesh/proto/ordermesh/events/v1/order_events_pb";
import { CancelReason } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { expect, test } from "vitest";
import { orderEventOf } from "./incoming.ts";

const snapshot = {
  orderId: 17n,
  userId: 7n,
  version: 2,
  lines: [{ sku: 5, quantity: 3, name: "Nail", unitPrice: { currencyCode: "EUR", amountMinor: 12n } }],
  total: { currencyCode: "EUR", amountMinor: 36n },
  paymentDueTime: timestampFromDate(new Date("2025-11-21T12:00:00Z")),
};

function record(type: string, value: Uint8Array, headers: Record<string, string> = {}): IncomingRecord {
  return {
    topic: "orders.events.v1",
    partition: 0,
    offset: 0n,
    key: "17",
    value,
    headers: { ce_id: "99", ce_type: type, traceparent: "00-a-b-01", ...headers },
  };
}

const paid = toBinary(OrderPaidSchema, create(OrderPaidSchema, { order: snapshot }));

test("an event is read with its order", () => {
  const value = toBinary(OrderAwaitingPaymentSchema, create(OrderAwaitingPaymentSchema, { order: snapshot }));
  expect(orderEventOf(record("ordermesh.events.v1.OrderAwaitingPayment", value))).toEqual({
    eventId: "99",
    eventType: "ordermesh.events.v1.OrderAwaitingPayment",
    traceparent: "00-a-b-01",
    isKnown: true,
    news: {
      change: { kind: "awaiting_payment", paymentDueAt: new Date("2025-11-21T12:00:00Z") },
      orderId: 17n,
      userId: 7n,
      lines: [{ sku: 5, quantity: 3, name: "Nail", unitPrice: { currencyCode: "EUR", amountMinor: 12n } }],
      total: { currencyCode: "EUR", amountMinor: 36n },
    },
  });
});

test("what is missing is not made up", () => {
  const order = { orderId: 17n, userId: 7n, lines: [{ sku: 5, quantity: 3 }] };
  const failed = toBinary(
    OrderFailedSchema,
    create(OrderFailedSchema, { order, shortages: [{ sku: 5, requested: 3 }] }),
  );
  expect(orderEventOf(record("ordermesh.events.v1.OrderFailed", failed)).news).toMatchObject({
    change: { kind: "failed", shortages: [{ sku: 5, requested: 3, available: 0 }] },
    lines: [{ name: "", unitPrice: undefined }],
    total: undefined,
  });
});

test.each([
  [CancelReason.REQUESTED, "requested"],
  [CancelReason.PAYMENT_DEADLINE, "payment_deadline"],
  [CancelReason.REFUNDED, "refunded"],
  [CancelReason.EXPIRED, "expired"],
  [CancelReason.DECLINED, "declined"],
  [CancelReason.UNSPECIFIED, "unknown"],
  [170 as CancelReason, "unknown"],
])("cancel reason %s is %s", (reason, expected) => {
  const value = toBinary(OrderCanceledSchema, create(OrderCanceledSchema, { order: snapshot, reason }));
  expect(orderEventOf(record("ordermesh.events.v1.OrderCanceled", value)).news?.change).toEqual({
    kind: "canceled",
    reason: expected,
  });
});

test.each([
  OrderPlacedSchema,
  OrderPaidSchema,
  OrderCanceledSchema,
  OrderActionAppliedSchema,
  OrderDeclinedSchema,
])("of an order at a table nobody is told by $typeName: guests have no account", (schema) => {
  const order = { ...snapshot, userId: 2n ** 52n, table: { locationId: 1n, sessionId: 2n } };
  const value = toBinary(schema, create(schema, { order }));
  expect(orderEventOf(record(schema.typeName, value))).toMatchObject({ isKnown: true, news: undefined });
});

test.each(["ordermesh.events.v1.OrderTeleported", "constructor", "__proto__"])(
  "%s is not known yet and has no news, whatever its payload",
  (type) => {
    const event = orderEventOf(record(type, Buffer.from("anything")));
    expect(event).toMatchObject({ isKnown: false, news: undefined });
  },
);

test.each([
  ["no id", record("ordermesh.events.v1.OrderPaid", paid, { ce_id: "" })],
  ["an id with a line end", record("ordermesh.events.v1.OrderPaid", paid, { ce_id: "1\n2" })],
  ["an id that is too long", record("ordermesh.events.v1.OrderPaid", paid, { ce_id: "1".repeat(201) })],
  ["no type", record("", paid)],
  ["a payload that is no message", record("ordermesh.events.v1.OrderPaid", Buffer.from("not protobuf"))],
  ["a payload that is cut off", record("ordermesh.events.v1.OrderPaid", paid.subarray(0, 5))],
  ["an empty payload", record("ordermesh.events.v1.OrderPaid", new Uint8Array())],
  ["no user", withOrder({ ...snapshot, userId: 0n })],
  ["a negative user", withOrder({ ...snapshot, userId: -7n })],
  ["no order id", withOrder({ ...snapshot, orderId: 0n })],
  ["a price without a currency", withOrder({ ...snapshot, total: { currencyCode: "", amountMinor: 1n } })],
])("%s is malformed", (_, malformed) => {
  expect(() => orderEventOf(malformed)).toThrow(
    expect.objectContaining({ kind: "invalid_argument", reason: "MALFORMED_EVENT" }),
  );
});

function withOrder(order: Omit<typeof snapshot, "$typeName">): IncomingRecord {
  return record(
    "ordermesh.events.v1.OrderPaid",
    toBinary(OrderPaidSchema, create(OrderPaidSchema, { order })),
  );
}
