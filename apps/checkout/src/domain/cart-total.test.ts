import { Failure } from "@ordermesh/failure/failure";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ListedLine } from "./cart.ts";
import { orderable, totalsByCurrency } from "./cart-total.ts";

function line(sku: number, quantity: number, amountMinor: bigint, currencyCode = "EUR"): ListedLine {
  const price = { currencyCode, amountMinor };
  return { sku, quantity, product: { sku, name: `Product ${sku}`, price, isMenuItem: false } };
}

const vanished: ListedLine = { sku: 9, quantity: 3, product: undefined };

function refusal(work: () => unknown): { kind: string; reason: string; message: string } {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    const { kind, reason, message } = error as Failure;
    return { kind, reason, message };
  }
  return expect.fail("it should have been refused");
}

describe("totalsByCurrency", () => {
  it("multiplies prices by quantities, where miniZON added the prices up", () => {
    expect(totalsByCurrency([line(1, 3, 250n), line(2, 1, 1n)])).toEqual([
      { currencyCode: "EUR", amountMinor: 751n },
    ]);
  });

  it("leaves out what can not be had, and has no total for nothing", () => {
    expect(totalsByCurrency([line(1, 2, 5n), vanished])).toEqual([{ currencyCode: "EUR", amountMinor: 10n }]);
    expect(totalsByCurrency([vanished])).toEqual([]);
    expect(totalsByCurrency([])).toEqual([]);
  });

  it("is exact up to 10^15 minor units and refuses more", () => {
    const line15 = line(1, 1_000_000, 1_000_000_000n);
    expect(totalsByCurrency([line15])).toEqual([{ currencyCode: "EUR", amountMinor: 10n ** 15n }]);
    const { kind, reason } = refusal(() => totalsByCurrency([line15, line(2, 1, 1n)]));
    expect({ kind, reason }).toEqual({ kind: "failed_precondition", reason: "TOTAL_TOO_HIGH" });
  });

  it("does not depend on the order of the lines", () => {
    const lines = fc.array(
      fc.record({
        sku: fc.integer({ min: 1, max: 50 }),
        quantity: fc.integer({ min: 1, max: 1_000_000 }),
        amountMinor: fc.bigInt({ min: 0n, max: 1_000n }),
        currencyCode: fc.constantFrom("EUR", "USD"),
      }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(lines, (drawn) => {
        const listed = drawn.map(({ sku, quantity, amountMinor, currencyCode }) =>
          line(sku, quantity, amountMinor, currencyCode),
        );
        const asMap = (totals: ReturnType<typeof totalsByCurrency>) =>
          new Map(totals.map(({ currencyCode, amountMinor }) => [currencyCode, amountMinor]));
        expect(asMap(totalsByCurrency([...listed].reverse()))).toEqual(asMap(totalsByCurrency(listed)));
      }),
    );
  });
});

describe("orderable", () => {
  it("takes over names and prices", () => {
    expect(orderable([line(1, 3, 250n), line(2, 1, 1n)])).toEqual({
      total: { currencyCode: "EUR", amountMinor: 751n },
      lines: [
        { sku: 1, quantity: 3, name: "Product 1", unitPriceMinor: 250n },
        { sku: 2, quantity: 1, name: "Product 2", unitPriceMinor: 1n },
      ],
    });
  });

  it("takes free goods", () => {
    expect(orderable([line(1, 3, 0n)]).total).toEqual({ currencyCode: "EUR", amountMinor: 0n });
  });

  it("names every SKU that is gone", () => {
    const failure = refusal(() => orderable([line(1, 1, 5n), vanished, { ...vanished, sku: 11 }]));
    expect(failure).toMatchObject({ kind: "failed_precondition", reason: "PRODUCT_UNAVAILABLE" });
    expect(failure.message).toContain("9, 11");
  });

  it("names every SKU of a menu, which is not delivered", () => {
    const [soup, lamp] = [line(7, 1, 5n), line(8, 1, 5n)];
    const ofMenu = { ...soup, product: soup.product && { ...soup.product, isMenuItem: true } };
    const failure = refusal(() => orderable([ofMenu, lamp]));
    expect(failure).toMatchObject({ kind: "failed_precondition", reason: "MENU_ITEM" });
    expect(failure.message).toContain("SKU 7 is on a menu");
  });

  it("refuses two currencies, and names them", () => {
    const failure = refusal(() => orderable([line(1, 1, 5n), line(2, 1, 5n, "USD")]));
    expect(failure).toMatchObject({ kind: "failed_precondition", reason: "MIXED_CURRENCIES" });
    expect(failure.message).toContain("EUR and USD");
  });
});
