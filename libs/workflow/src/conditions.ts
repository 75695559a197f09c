import { readCondition } from "./definition.ts";

/**
 * Whether all of some conditions can hold at once, as far as their names tell: a guard and its opposite can not, nor
 * can two guards of one exclusive group. An absent condition always holds.
 */
export function fitsTogether(
  conditions: readonly (string | undefined)[],
  exclusive: readonly (readonly string[])[],
): boolean {
  const read = conditions.flatMap((condition) => (condition === undefined ? [] : [readCondition(condition)]));
  return read.every(({ guard, expected }, index) =>
    read.slice(index + 1).every((other) => {
      if (other.guard === guard) {
        return other.expected === expected;
      }
      const areExclusive = exclusive.some((group) => group.includes(guard) && group.includes(other.guard));
      return !(areExclusive && expected && other.expected);
    }),
  );
}

export function overlaps(some: readonly string[], others: readonly string[]): boolean {
  return some.some((item) => others.includes(item));
}
