import { expect, test } from "vitest";
import { type PaymentNews, paysOrder } from "./payment-news.ts";

const captured: PaymentNews = {
  kind: "captured",
  orderId: 1n,
  paymentId: 2n,
  version: 3,
  reason: "",
  currencyCode: "EUR",
  capturedMinor: 100n,
  refundedMinor: 0n,
};

test("only money that came and is still here pays an order", () => {
  expect(paysOrder(captured, undefined)).toBe(true);
  for (const kind of ["declined", "refunded", "canceled"] as const) {
    expect(paysOrder({ ...captured, kind }, undefined)).toBe(false);
  }
  const later = { version: 4, capturedMinor: 100n };
  expect(paysOrder(captured, { ...later, refundedMinor: 100n })).toBe(false);
  expect(paysOrder(captured, { ...later, refundedMinor: 40n })).toBe(true);
  // Nothing to collect, and nothing given back: an order that is free.
  expect(paysOrder({ ...captured, capturedMinor: 0n }, undefined)).toBe(true);
  // A try that was declined before.
  expect(paysOrder(captured, { version: 2, capturedMinor: 0n, refundedMinor: 0n })).toBe(true);
});
