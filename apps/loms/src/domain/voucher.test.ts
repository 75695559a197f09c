import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { OrderLine } from "./order.ts";
import {
  checkVoucherTerms,
  refundableMinor,
  type VoucherCodeState,
  type VoucherTerms,
  validate,
  validationMessages,
} from "./voucher.ts";

const terms: VoucherTerms = {
  serviceTimes: 5,
  unitPrice: { currencyCode: "EUR", amountMinor: 1_200 },
  validUntil: new Date("2030-01-01"),
  anytimeRefund: true,
  expirationRefund: true,
  mobile: "+4915112345678",
};
const line: OrderLine = { sku: 1, quantity: 1, name: "Five hair cuts", unitPriceMinor: 5_000 };
const total = { currencyCode: "EUR", amountMinor: 5_000 };
const order = { workflow: "service", terms, lines: [line], total };

describe("what a service order promises", () => {
  test("is kept as it was asked for; other orders promise nothing", () => {
    expect(checkVoucherTerms(order)).toBe(terms);
    expect(checkVoucherTerms({ ...order, workflow: "product", terms: undefined })).toBeUndefined();
  });

  test.each([
    ["voucher", "terms of another workflow", { ...order, workflow: "product" }],
    ["voucher", "no terms", { ...order, terms: undefined }],
    ["lines", "two things", { ...order, lines: [line, { ...line, sku: 2 }] }],
    ["lines", "two of one thing", { ...order, lines: [{ ...line, quantity: 2 }] }],
    ["lines", "nothing", { ...order, lines: [] }],
    ["lines[0].unit_price", "no price", { ...order, total: undefined }],
    ["voucher.unit_price", "two currencies", { ...order, total: { ...total, currencyCode: "USD" } }],
  ])("%s: %s is refused", (field, _, wrong) => {
    expect(() => checkVoucherTerms(wrong)).toThrow(
      expect.objectContaining({
        kind: "invalid_argument",
        details: expect.objectContaining({ fieldViolations: [expect.objectContaining({ field })] }),
      }),
    );
  });
});

describe("what is given back", () => {
  test.each([
    [0, 5_000],
    [1, 3_800],
    [4, 200],
    [5, 0],
  ])("after %i uses: %i", (codesUsed, left) => {
    expect(refundableMinor(5_000, { unitPriceMinor: 1_200, codesUsed })).toBe(left);
  });

  test("is never more than was paid, never less than nothing, and never grows with a use", () => {
    const amount = fc.integer({ min: 0, max: 1_000_000_000 });
    fc.assert(
      fc.property(
        amount,
        amount,
        fc.integer({ min: 0, max: 100 }),
        (totalMinor, unitPriceMinor, codesUsed) => {
          const left = refundableMinor(totalMinor, { unitPriceMinor, codesUsed });
          expect(left).toBeGreaterThanOrEqual(0);
          expect(left).toBeLessThanOrEqual(totalMinor);
          const after = refundableMinor(totalMinor, { unitPriceMinor, codesUsed: codesUsed + 1 });
          expect(after).toBeLessThanOrEqual(left);
        },
      ),
    );
  });
});

describe("a code that is shown at a counter", () => {
  test.each<[VoucherCodeState, boolean, boolean, string]>([
    ["unused", true, false, "Validated Successfully!"],
    ["unused", true, true, "Already expired!"],
    ["used", true, false, "Already used!"],
    ["used", true, true, "Already used!"],
    ["refund_pending", true, false, "Already refunded!"],
    ["refund_pending", true, true, "Already refunded!"],
    ["refunded", true, false, "Already refunded!"],
    ["refunded", true, true, "Already refunded!"],
    ["expired", true, true, "Already expired!"],
    ["expired", true, false, "Already expired!"],
    ["unused", false, false, "Not a valid order!"],
    ["used", false, false, "Not a valid order!"],
    ["refund_pending", false, false, "Not a valid order!"],
    ["refunded", false, true, "Not a valid order!"],
    ["expired", false, true, "Not a valid order!"],
  ])("%s, order paid: %s, past its time: %s: %s", (state, orderIsPaid, isPastValidity, message) => {
    expect(validationMessages[validate({ state, orderIsPaid, isPastValidity })]).toBe(message);
  });

  test("that does not exist is told so", () => {
    expect(validationMessages.invalid_code).toBe("Invalid code!");
  });
});
