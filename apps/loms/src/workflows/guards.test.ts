import fc from "fast-check";
import { expect, test } from "vitest";
import { guards } from "./guards.ts";
import type { GuardName } from "./names.ts";
import type { ItemSnapshot, OrderSnapshot } from "./order-snapshot.ts";
import { workflows } from "./registry.ts";

/* Any item at all, also one that no order would ever have. */
const items = fc.record({
  sku: fc.constant(1),
  lineTotalMinor: fc.integer({ min: 0, max: 1_000 }),
  state: fc.constantFrom("", "FP", "WR", "FR", "CR"),
  sheet: fc.option(
    fc.record({
      number: fc.constant(1),
      kind: fc.constantFrom("pre_shipping" as const, "anytime" as const, "expiration" as const),
      state: fc.constantFrom("WSR", "PPR", "PFR", "CCR", "PCR", "SCR"),
      since: fc.constant(3),
      amountMinor: fc.integer({ min: 0, max: 1_000 }),
    }),
    { nil: undefined },
  ),
  voucher: fc.option(
    fc.record({
      unitPriceMinor: fc.integer({ min: 0, max: 300 }),
      codes: fc.integer({ min: 1, max: 4 }),
      codesUsed: fc.integer({ min: 0, max: 4 }),
      anytimeRefund: fc.boolean(),
      expirationRefund: fc.boolean(),
    }),
    { nil: undefined },
  ),
});

function orderWith(item: ItemSnapshot, capturedMinor: number): OrderSnapshot {
  const facts = { stockIsReserved: true, paymentIsInTime: true };
  return { state: "FP", since: 3, version: 3, flags: [], capturedMinor, items: [item], facts };
}

test("guards that are said to exclude each other do", () => {
  const groups = Object.values(workflows)
    .flat()
    .flatMap(({ exclusiveGuards = [] }) => exclusiveGuards);
  expect(groups.length).toBeGreaterThan(1);
  const seen = new Set<GuardName>();
  fc.assert(
    fc.property(items, fc.integer({ min: 0, max: 1_000 }), (item, capturedMinor) => {
      for (const group of groups) {
        const holding = group.filter((guard) =>
          guards[guard]({ order: orderWith(item, capturedMinor), item }),
        );
        expect(holding.length).toBeLessThanOrEqual(1);
        for (const guard of holding) {
          seen.add(guard);
        }
      }
    }),
    { numRuns: 2_000 },
  );
  expect([...seen].sort()).toEqual(groups.flat().sort());
});

test("every guard and effect of a definition has a meaning, and no other has", () => {
  for (const { guards: meant, effects, machines } of Object.values(workflows).flat()) {
    const rows = Object.values(machines).flatMap((machine) => machine.rows);
    expect(Object.keys(effects).sort()).toEqual(
      [...new Set(rows.flatMap((row) => row.effects ?? []))].sort(),
    );
    expect(Object.keys(meant).filter((guard) => !Object.hasOwn(guards, guard))).toEqual([]);
    expect([...Object.values(meant), ...Object.values(effects)].every(({ text }) => text.length > 10)).toBe(
      true,
    );
  }
});
