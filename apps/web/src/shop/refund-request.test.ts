import { create } from "@bufbuild/protobuf";
import { OrderLineSchema, RefundKind } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { expect, test } from "vitest";
import { refundRequest } from "./refund-request.ts";

const line = create(OrderLineSchema, {
  sku: 7,
  quantity: 2,
  unitPrice: { currencyCode: "EUR", amountMinor: 1250n },
});
const wish = { line, amount: "12.50", reason: "torn", withReturn: false, isChange: false };

test("a request names the item, the exact amount and the reason", () => {
  expect(refundRequest(wish)).toEqual({
    action: "request refund",
    itemSku: 7,
    parameters: { reason: "torn", refundAmount: { currencyCode: "EUR", amountMinor: 1250n } },
  });
  expect(refundRequest({ ...wish, withReturn: true })?.action).toBe("request refund with return");
});

test("asking again says whether the goods come back", () => {
  expect(refundRequest({ ...wish, isChange: true, withReturn: true })).toMatchObject({
    action: "change refund request",
    parameters: { refundKind: RefundKind.WITH_RETURN },
  });
});

test("what is no amount is not sent", () => {
  expect(refundRequest({ ...wish, amount: "a lot" })).toBeUndefined();
});

test("a service order is asked for as a whole, and what is left is not for the buyer to say", () => {
  expect(refundRequest({ ...wish, line: undefined, amount: "" })).toEqual({
    action: "request refund",
    parameters: { reason: "torn" },
  });
});
