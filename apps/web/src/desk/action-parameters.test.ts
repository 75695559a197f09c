import { RefundKind } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { expect, test } from "vitest";
import { isBadAmount, parametersOf } from "./action-parameters.ts";

test("what is left empty is not said", () => {
  expect(parametersOf({ "parameters.reason": " ", "parameters.carrier": "" }, ["carrier"], "EUR")).toEqual(
    {},
  );
});

test("only what the action reads is sent, besides reason and memo", () => {
  const values = {
    "parameters.reason": " Late ",
    "parameters.memo": "Sorry",
    "parameters.carrier": "DHL",
    "parameters.tracking_number": "JD01",
  };
  expect(parametersOf(values, ["carrier", "tracking_number"], "EUR")).toEqual({
    reason: "Late",
    memo: "Sorry",
    carrier: "DHL",
    trackingNumber: "JD01",
  });
  expect(parametersOf(values, [], "EUR")).toEqual({ reason: "Late", memo: "Sorry" });
});

test("amounts are exact, and one that is none is named", () => {
  const reads = ["refund_amount", "shipping_fee"];
  expect(
    parametersOf({ "parameters.refund_amount": "12,5", "parameters.shipping_fee": "0" }, reads, "EUR"),
  ).toEqual({
    refundAmount: { currencyCode: "EUR", amountMinor: 1250n },
    shippingFee: { currencyCode: "EUR", amountMinor: 0n },
  });
  const bad = parametersOf({ "parameters.refund_amount": "a lot" }, reads, "EUR");
  expect(isBadAmount(bad) && bad.field).toBe("parameters.refund_amount");
});

test("an address keeps its lines, and its country is upper case", () => {
  const parameters = parametersOf(
    {
      "parameters.shipping_address.recipient": "Ana",
      "parameters.shipping_address.lines": "Main Street 5\n\n c/o Ben ",
      "parameters.shipping_address.city": "Trier",
      "parameters.shipping_address.country_code": "de",
      "parameters.refund_kind": "return",
    },
    ["shipping_address", "refund_kind"],
    "EUR",
  );
  expect(parameters).toMatchObject({
    refundKind: RefundKind.WITH_RETURN,
    shippingAddress: { recipient: "Ana", lines: ["Main Street 5", "c/o Ben"], countryCode: "DE", phone: "" },
  });
});
