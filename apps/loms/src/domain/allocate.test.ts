import fc from "fast-check";
import { expect, test } from "vitest";
import { type Allocation, allocate, type RequestedLine } from "./allocate.ts";
import type { AvailableStock } from "./stock.ts";

test("takes from the lowest warehouse first and splits a line when one does not suffice", () => {
  const stock = [
    { sku: 1, warehouseId: 1n, available: 2 },
    { sku: 1, warehouseId: 2n, available: 0 },
    { sku: 1, warehouseId: 3n, available: 5 },
  ];
  expect(allocate([[{ sku: 1, quantity: 4 }]], stock)).toEqual([
    {
      kind: "allocated",
      units: [
        { sku: 1, warehouseId: 1n, quantity: 2 },
        { sku: 1, warehouseId: 3n, quantity: 2 },
      ],
    },
  ]);
});

test("an order that is short takes nothing from those behind it", () => {
  const stock = [{ sku: 1, warehouseId: 1n, available: 3 }];
  const [first, second] = allocate(
    [
      [
        { sku: 1, quantity: 2 },
        { sku: 2, quantity: 1 },
      ],
      [{ sku: 1, quantity: 3 }],
    ],
    stock,
  );
  expect(first).toEqual({ kind: "short", shortages: [{ sku: 2, requested: 1, available: 0 }] });
  expect(second?.kind).toBe("allocated");
});

/** The rule in its plainest form: one unit at a time, from the first warehouse that still has one. */
function greedy(
  orders: readonly (readonly RequestedLine[])[],
  stock: readonly AvailableStock[],
): Allocation[] {
  const left = stock.map((level) => ({ ...level }));
  return orders.map((lines): Allocation => {
    const ofSku = (sku: number) => left.filter((level) => level.sku === sku);
    const shortages = lines
      .map(({ sku, quantity }) => ({
        sku,
        requested: quantity,
        available: ofSku(sku).reduce((sum, level) => sum + level.available, 0),
      }))
      .filter(({ requested, available }) => available < requested);
    if (shortages.length > 0) {
      return { kind: "short", shortages };
    }
    const units = new Map<string, { sku: number; warehouseId: bigint; quantity: number }>();
    for (const { sku, quantity } of lines) {
      for (let unit = 0; unit < quantity; unit += 1) {
        const level = ofSku(sku).find(({ available }) => available > 0)!;
        level.available -= 1;
        const name = `${sku}/${level.warehouseId}`;
        const taken = units.get(name)?.quantity ?? 0;
        units.set(name, { sku, warehouseId: level.warehouseId, quantity: taken + 1 });
      }
    }
    return { kind: "allocated", units: [...units.values()] };
  });
}

test("agrees with a greedy reference on every batch, accepted and refused alike", () => {
  const stockOf = fc.uniqueArray(
    fc.record({
      sku: fc.integer({ min: 1, max: 4 }),
      warehouseId: fc.bigInt({ min: 1n, max: 4n }),
      available: fc.integer({ min: 0, max: 6 }),
    }),
    { selector: (level) => `${level.sku}/${level.warehouseId}`, maxLength: 12 },
  );
  const linesOf = fc.uniqueArray(
    fc.record({ sku: fc.integer({ min: 1, max: 5 }), quantity: fc.integer({ min: 1, max: 7 }) }),
    { selector: (line) => line.sku, minLength: 1, maxLength: 4 },
  );
  let mixedBatches = 0;
  let splits = 0;
  fc.assert(
    fc.property(stockOf, fc.array(linesOf, { maxLength: 12 }), (unsorted, orders) => {
      const stock = [...unsorted].sort((a, b) => a.sku - b.sku || Number(a.warehouseId - b.warehouseId));
      const decided = allocate(orders, stock);
      expect(decided).toEqual(greedy(orders, stock));
      const kinds = new Set(decided.map((allocation) => allocation.kind));
      mixedBatches += kinds.size === 2 ? 1 : 0;
      splits += decided.filter(
        (allocation, index) =>
          allocation.kind === "allocated" && allocation.units.length > (orders[index]?.length ?? 0),
      ).length;
    }),
    { numRuns: 5_000 },
  );
  // A run in which nothing was ever refused or split would prove nothing.
  expect(mixedBatches).toBeGreaterThan(100);
  expect(splits).toBeGreaterThan(100);
});
