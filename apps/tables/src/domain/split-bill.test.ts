import fc from "fast-check";
import { expect, test } from "vitest";
import { type ShareDraft, splitByGuest, splitEvenly } from "./split-bill.ts";

const sumOf = (shares: readonly ShareDraft[]) =>
  shares.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);

test("what does not divide is spread over the first shares", () => {
  expect(splitEvenly(1_000n, 3).map(({ amountMinor }) => amountMinor)).toEqual([334n, 333n, 333n]);
  expect(splitEvenly(1_001n, 3).map(({ amountMinor }) => amountMinor)).toEqual([334n, 334n, 333n]);
  expect(splitEvenly(999n, 1)).toEqual([{ guestId: undefined, amountMinor: 999n }]);
  expect(splitEvenly(2n, 5)).toHaveLength(2);
  expect(splitEvenly(0n, 5)).toEqual([]);
});

test("even shares add up to the total, differ by one at most, and the larger ones come first", () => {
  let uneven = 0;
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 15n), fc.integer({ min: 1, max: 100 }), (total, count) => {
      const shares = splitEvenly(total, count);
      const amounts = shares.map(({ amountMinor }) => amountMinor);
      expect(sumOf(shares)).toBe(total);
      expect(shares.length).toBe(total < BigInt(count) ? Number(total) : count);
      expect(amounts.every((amount) => amount > 0n)).toBe(true);
      expect(amounts).toEqual([...amounts].sort((one, other) => (one > other ? -1 : one < other ? 1 : 0)));
      const spread = (amounts.at(0) ?? 0n) - (amounts.at(-1) ?? 0n);
      expect(spread <= 1n).toBe(true);
      uneven += spread > 0n ? 1 : 0;
      expect(shares.every(({ guestId }) => guestId === undefined)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
  expect(uneven).toBeGreaterThan(100);
});

const orders = fc.array(
  fc.record({
    guestId: fc.option(fc.bigInt(2n ** 52n, 2n ** 52n + 5n), { nil: undefined }),
    totalMinor: fc.oneof(fc.constant(0n), fc.bigInt(0n, 100_000n)),
  }),
  { maxLength: 30 },
);

test("each guest owes what his or her orders cost, and what the table ordered is nobody's", () => {
  let ofTheTable = 0;
  fc.assert(
    fc.property(orders, (billed) => {
      const shares = splitByGuest(billed);
      expect(sumOf(shares)).toBe(billed.reduce((sum, { totalMinor }) => sum + totalMinor, 0n));
      expect(new Set(shares.map(({ guestId }) => guestId)).size).toBe(shares.length);
      for (const { guestId, amountMinor } of shares) {
        const own = billed.filter((order) => order.guestId === guestId);
        expect(amountMinor).toBe(own.reduce((sum, { totalMinor }) => sum + totalMinor, 0n));
        expect(amountMinor > 0n).toBe(true);
      }
      const ids = shares.map(({ guestId }) => guestId ?? 0n);
      expect(ids).toEqual([...ids].sort((one, other) => (one < other ? -1 : 1)));
      ofTheTable += ids.includes(0n) ? 1 : 0;
    }),
    { numRuns: 2_000 },
  );
  expect(ofTheTable).toBeGreaterThan(100);
});

test("the order of the orders makes no difference", () => {
  fc.assert(
    fc.property(orders, (billed) => {
      expect(splitByGuest([...billed].reverse())).toEqual(splitByGuest(billed));
    }),
  );
});
