import { Failure } from "@ordermesh/failure/failure";
import { expect, test } from "vitest";
import { draftOrder, type RequestLine } from "./order-draft.ts";

const price = (amountMinor: bigint, currencyCode = "EUR") => ({ currencyCode, amountMinor });

function draft(lines: Partial<RequestLine>[], paymentWindowMs?: number) {
  return draftOrder(
    {
      userId: 1n,
      idempotencyKey: "key",
      lines: lines.map((line) => ({ sku: 1, quantity: 1, name: "", unitPrice: undefined, ...line })),
      paymentWindowMs,
    },
    600_000,
  );
}

function fieldOf(lines: Partial<RequestLine>[]): string | undefined {
  try {
    draft(lines);
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    expect((error as Failure).kind).toBe("invalid_argument");
    return (error as Failure).details.fieldViolations?.[0]?.field;
  }
  return undefined;
}

test("merges lines of one SKU, sorts by SKU, and adds up the total", () => {
  const { lines, total } = draft([
    { sku: 2, quantity: 1, unitPrice: price(100n) },
    { sku: 1, quantity: 2, unitPrice: price(30n) },
    { sku: 2, quantity: 3, unitPrice: price(100n) },
  ]);
  expect(lines.map(({ sku, quantity }) => [sku, quantity])).toEqual([
    [1, 2],
    [2, 4],
  ]);
  expect(total).toEqual({ currencyCode: "EUR", amountMinor: 460 });
});

test("an order without prices has no total", () => {
  expect(draft([{ sku: 5, quantity: 2 }]).total).toBeUndefined();
});

test("names the field that is wrong", () => {
  expect(fieldOf([{ unitPrice: price(1n) }, { sku: 2, unitPrice: price(1n, "USD") }])).toBe(
    "lines[1].unit_price",
  );
  expect(fieldOf([{ unitPrice: price(1n) }, { unitPrice: price(2n) }])).toBe("lines[1]");
  expect(fieldOf([{ quantity: 600_000 }, { quantity: 600_000 }])).toBe("lines[1].quantity");
  expect(fieldOf([{ quantity: 1_000_000, unitPrice: price(1_000_000_000_000_000n) }])).toBe("lines");
  expect(fieldOf([{ name: "two\nlines" }])).toBe("lines[0].name");
});

test("a buyer may be given less time than the installation allows, and not more", () => {
  expect(draft([{ sku: 1 }]).paymentWindowMs).toBe(600_000);
  expect(draft([{ sku: 1 }], 2_000).paymentWindowMs).toBe(2_000);
  expect(() => draft([{ sku: 1 }], 600_001)).toThrow(/payment_window/);
});

test("the hash tells requests apart by user, lines and prices, and not by the order of lines", () => {
  const hash = (lines: Partial<RequestLine>[]) => draft(lines).requestHash;
  const base = hash([{ sku: 1 }, { sku: 2 }]);
  expect(hash([{ sku: 2 }, { sku: 1 }])).toBe(base);
  expect(hash([{ sku: 1 }, { sku: 2, quantity: 2 }])).not.toBe(base);
  expect(hash([{ sku: 1 }, { sku: 2, unitPrice: price(1n) }])).not.toBe(base);
  expect(hash([{ sku: 1 }, { sku: 2, name: "a" }])).not.toBe(base);
});
