import fc from "fast-check";
import { expect, test } from "vitest";
import type { ItemSnapshot, OrderSnapshot, SheetSnapshot } from "./order-snapshot.ts";
import { isRefundable, refundableOfItem, refundableOfOrder } from "./refundable.ts";

function sheet(state: string, amountMinor: number): SheetSnapshot {
  return { number: 1, kind: "refund_only", state, since: 1, amountMinor };
}

function orderOf(capturedMinor: number, ...items: readonly ItemSnapshot[]): OrderSnapshot {
  return {
    state: "FS",
    since: 1,
    version: 5,
    flags: [],
    capturedMinor,
    items,
    facts: { stockIsReserved: true, paymentIsInTime: true },
  };
}

const item = (sku: number, lineTotalMinor: number, refund?: SheetSnapshot): ItemSnapshot => ({
  sku,
  lineTotalMinor,
  state: "FP",
  sheet: refund,
});

test("an item can be refunded for what it cost, and no more", () => {
  const order = orderOf(1_500, item(1, 1_000), item(2, 500));
  const [first] = order.items;
  expect(refundableOfItem(order, first!)).toBe(1_000);
  const possible = (amountMinor: number) => isRefundable(order, first!, amountMinor);
  expect([1, 999, 1_000].map(possible)).toEqual([true, true, true]);
  expect([1_001, 0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53].map(possible)).not.toContain(
    true,
  );
});

test("what is being paid back, or is back, can not be asked for again", () => {
  for (const state of ["WSR", "SRR", "CSI", "WBS", "WSA", "CSA", "PPR", "PFR"]) {
    const order = orderOf(1_500, item(1, 1_000, sheet(state, 400)), item(2, 500));
    expect(refundableOfItem(order, order.items[0]!)).toBe(600);
    expect(refundableOfOrder(order)).toBe(1_100);
  }
  for (const state of ["CCR", "PCR", "SCR"]) {
    const order = orderOf(1_500, item(1, 1_000, sheet(state, 400)), item(2, 500));
    expect(refundableOfItem(order, order.items[0]!)).toBe(1_000);
    expect(refundableOfOrder(order)).toBe(1_500);
  }
});

test("a request that is changed makes room for itself", () => {
  const order = orderOf(1_500, item(1, 1_000, sheet("SRR", 900)), item(2, 500));
  expect(isRefundable(order, order.items[0]!, 1_000)).toBe(true);
  expect(isRefundable(order, order.items[0]!, 1_001)).toBe(false);
});

test("all items together can not get more than was taken", () => {
  // 300 of the 1,500 went back otherwise.
  const order = orderOf(1_200, item(1, 1_000, sheet("PPR", 900)), item(2, 500));
  expect(refundableOfItem(order, order.items[1]!)).toBe(300);
  expect(isRefundable(order, order.items[1]!, 301)).toBe(false);
  const overdrawn = orderOf(100, item(1, 1_000, sheet("PFR", 900)), item(2, 500));
  expect([refundableOfOrder(overdrawn), refundableOfItem(overdrawn, overdrawn.items[1]!)]).toEqual([0, 0]);
});

test("of an item without a price nothing can be refunded, and that may be asked for", () => {
  const order = orderOf(500, item(1, 0), item(2, 500));
  expect(isRefundable(order, order.items[0]!, 0)).toBe(true);
  expect(isRefundable(order, order.items[0]!, 1)).toBe(false);
});

test("of a voucher what was not used is left", () => {
  const voucher = {
    unitPriceMinor: 200,
    codes: 5,
    codesUsed: 2,
    anytimeRefund: true,
    expirationRefund: true,
  };
  const left = (codesUsed: number) => {
    const order = orderOf(900, { ...item(1, 900), voucher: { ...voucher, codesUsed } });
    return refundableOfItem(order, order.items[0]!);
  };
  expect([0, 2, 4, 5].map(left)).toEqual([900, 500, 100, 0]);
});

test("whatever is asked for, one after the other, never more goes back than was taken", () => {
  const requests = fc.array(
    fc.record({ sku: fc.integer({ min: 1, max: 3 }), amount: fc.integer({ max: 2_000 }) }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3_000 }), requests, (captured, asked) => {
      let order = orderOf(captured, item(1, 1_000), item(2, 700), item(3, 0));
      for (const { sku, amount } of asked) {
        const wanted = order.items.find((candidate) => candidate.sku === sku);
        if (wanted !== undefined && wanted.sheet === undefined && isRefundable(order, wanted, amount)) {
          const items = order.items.map((other) =>
            other.sku === sku ? { ...other, sheet: sheet("PPR", amount) } : other,
          );
          order = { ...order, items };
        }
      }
      const claimed = order.items.reduce((sum, { sheet: refund }) => sum + (refund?.amountMinor ?? 0), 0);
      expect(claimed).toBeLessThanOrEqual(captured);
      expect(refundableOfOrder(order)).toBe(captured - claimed);
      for (const { lineTotalMinor, sheet: refund } of order.items) {
        expect(refund?.amountMinor ?? 0).toBeLessThanOrEqual(lineTotalMinor);
      }
    }),
  );
});
