import { CancelReason, OrderStatus, RefundKind } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { VoucherCodeState } from "@ordermesh/proto/ordermesh/loms/v1/voucher_pb";
import { PaymentStatus } from "@ordermesh/proto/ordermesh/payments/v1/payment_pb";
import { expect, test } from "vitest";
import {
  cancelReasonText,
  declineText,
  deskStatus,
  paymentStatus,
  refundKindText,
  refundStatus,
  shopStatus,
  stepText,
  voucherCodeStatus,
} from "./words.ts";

const valuesOf = (numbers: object) => Object.values(numbers).filter((value) => typeof value === "number");

test("every status of the contract has a tone and a word", () => {
  for (const status of valuesOf(OrderStatus) as OrderStatus[]) {
    expect(deskStatus(status).word, OrderStatus[status]).toMatch(/^[A-Z][a-z ]+$/);
    expect(shopStatus(status).tone).toBeTruthy();
  }
  expect(valuesOf(OrderStatus).map((status) => deskStatus(status as OrderStatus).word)).toHaveLength(
    new Set(valuesOf(OrderStatus).map((status) => deskStatus(status as OrderStatus).word)).size,
  );
  expect(valuesOf(PaymentStatus).every((status) => paymentStatus[status as PaymentStatus])).toBe(true);
  expect(valuesOf(VoucherCodeState).every((state) => voucherCodeStatus[state as VoucherCodeState])).toBe(
    true,
  );
  expect(
    valuesOf(CancelReason).every((reason) => typeof cancelReasonText[reason as CancelReason] === "string"),
  ).toBe(true);
  expect(valuesOf(RefundKind).every((kind) => refundKindText[kind as RefundKind])).toBe(true);
});

test("the buyer reads people's words where the desk has more of them", () => {
  expect(shopStatus(OrderStatus.SHIPMENT_HELD)).toEqual({ tone: "active", word: "Paid" });
  expect(shopStatus(OrderStatus.AWAITING_SETTLEMENT).word).toBe("Completed");
  expect(deskStatus(OrderStatus.AWAITING_SETTLEMENT).word).toBe("Awaiting settlement");
});

test("what a newer service says is shown as it is, and breaks nothing", () => {
  expect(deskStatus(999 as OrderStatus)).toEqual({ tone: "neutral", word: "Unknown" });
  expect(refundStatus("XYZ").tone).toBe("neutral");
  expect(declineText("lost_card")).toBe("The card was declined (lost card).");
  expect(stepText("do something new")).toBe("Do something new");
});
