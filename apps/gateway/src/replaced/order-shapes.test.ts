import { expect, test } from "vitest";
import { minorUnitsOf } from "./order-shapes.ts";

test.each<[unknown, bigint | undefined]>([
  [0, 0n],
  [62243, 6224300n],
  [12.5, 1250n],
  [0.1, 10n],
  [1.15, 115n],
  [8.2, 820n],
  [10 ** 12, 10n ** 14n],
  [0.001, undefined],
  [1.005, undefined],
  [-1, undefined],
  [Number.NaN, undefined],
  [Number.POSITIVE_INFINITY, undefined],
  [1e21, undefined],
  ["1", undefined],
  [null, undefined],
])("a bill of %s is %s minor units", (bill, minor) => {
  expect(minorUnitsOf(bill)).toBe(minor);
});
