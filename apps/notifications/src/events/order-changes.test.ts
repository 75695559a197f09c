import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  file_ordermesh_events_v1_order_events,
  OrderActionAppliedSchema,
  OrderPaidSchema,
  OrderRefundFinishedSchema,
  OrderRefundRequestedSchema,
  OrderShippedSchema,
} from "@ordermesh/proto/ordermesh/events/v1/order_events_pb";
import { RefundKind } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { describe, expect, test } from "vitest";
import { readChange } from "./order-changes.ts";

const order = { orderId: 17n, userId: 7n, version: 4 };
const eur = (amountMinor: bigint) => ({ currencyCode: "EUR", amountMinor });

function changeOf<Schema extends DescMessage>(schema: Schema, message: MessageInitShape<Schema>) {
  const told = readChange(schema.typeName, toBinary(schema, create(schema, message)));
  expect(told?.order).toMatchObject(order);
  return told?.change;
}

const events = file_ordermesh_events_v1_order_events.messages.filter(({ fields, name }) =>
  fields.some((field) => field.name === "order" && name !== "OrderAction"),
);

test.each(events.map(({ name }) => name))("%s is known", (name) => {
  const schema = events.find((event) => event.name === name)!;
  expect(readChange(schema.typeName, toBinary(schema, create(schema)))).toBeDefined();
  expect(() => readChange(schema.typeName, Buffer.from("no protobuf"))).toThrow(
    expect.objectContaining({ reason: "MALFORMED_EVENT" }),
  );
});

test("there are events to know", () => {
  expect(events.length).toBeGreaterThanOrEqual(15);
});

test("a paid voucher is told with where its first code goes", () => {
  const validUntil = new Date("2026-01-31T22:59:30Z");
  const sealedFirstCode = new Uint8Array([1, 2, 3]);
  const voucher = {
    mobile: "+4915112345678",
    codes: 5,
    sealedFirstCode,
    validUntilTime: timestampFromDate(validUntil),
  };
  expect(changeOf(OrderPaidSchema, { order, voucher })).toEqual({
    kind: "paid",
    voucher: { mobile: "+4915112345678", codes: 5, sealedFirstCode, validUntil },
  });
  expect(changeOf(OrderPaidSchema, { order })).toEqual({ kind: "paid", voucher: undefined });
});

test("a shipped order is told with its parcel", () => {
  const parcel = { carrier: "DHL", trackingNumber: "42" };
  expect(changeOf(OrderShippedSchema, { order, ...parcel })).toEqual({ kind: "shipped", ...parcel });
});

describe("refunds", () => {
  test("are told with their amount, and whether codes have expired", () => {
    const requested = { order, refundId: 5n, sku: 3, amount: eur(600n), kind: RefundKind.EXPIRATION };
    expect(changeOf(OrderRefundRequestedSchema, requested)).toEqual({
      kind: "refund_granted",
      refund: { sku: 3, amount: eur(600n), isForExpiredCodes: true },
    });
    const refund = { refundId: 5n, itemSku: 3, amount: eur(600n), kind: RefundKind.WITH_RETURN };
    expect(changeOf(OrderRefundFinishedSchema, { order, refund })).toEqual({
      kind: "refund_finished",
      refund: { sku: 3, amount: eur(600n), isForExpiredCodes: false },
    });
  });

  test.each([
    ["SRR", "S", "rejected"],
    ["WBS", "S", "send_back"],
    ["WBS", "P", "send_back"],
    ["CSI", "P", "customer_service"],
    ["CSA", "S", "customer_service"],
    ["PCR", "A", "closed_by_platform"],
    ["CCR", "P", "closed_for_silence"],
    ["SCR", "P", "overtaken_by_shipping"],
    ["WSR", "P", undefined],
    ["PPR", "P", undefined],
    ["constructor", "P", undefined],
    ["SRR", "B", undefined],
    ["CCR", "B", undefined],
    ["CSI", "B", undefined],
  ])("that come to %s by %s: %s", (stateCode, role, to) => {
    const refund = { refundId: 5n, itemSku: 3, amount: eur(600n), stateCode };
    const change = changeOf(OrderActionAppliedSchema, { order, action: { role, memo: "Why not." }, refund });
    expect(change).toEqual(
      to && {
        kind: "refund_moved",
        to,
        memo: "Why not.",
        refund: { sku: 3, amount: eur(600n), isForExpiredCodes: false },
      },
    );
  });
});

test.each([
  ["S", "change shipping addr", "shipping_address"],
  ["S", "change shipping fee", "shipping_fee"],
  ["S", "extend auto acking reception of order", "reception_time"],
  ["B", "extend auto acking reception of order", undefined],
  ["B", "make payment", undefined],
  ["P", "allow extending", undefined],
  ["S", "toString", undefined],
])("what %s does with %s: %s", (role, action, what) => {
  const change = changeOf(OrderActionAppliedSchema, { order, action: { role, action } });
  expect(change).toEqual(what && { kind: "changed_by_seller", what });
});
