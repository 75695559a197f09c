/**
 * How far tests go. `npm test` is short: it is for whoever changes something, and has its answer within minutes. Whole is
 * what CI runs, `npm run test:whole`: more rounds of what is random, and the files that take long. `npm run faults` is long:
 * a fault has to hit wherever it can.
 */
export type TestLength = "short" | "whole" | "long";

/** As TEST_LENGTH says; whole without it, so that a file that is asked for by its name is never left out. */
export function testLength(): TestLength {
  const length = process.env.TEST_LENGTH ?? "whole";
  if (length !== "short" && length !== "whole" && length !== "long") {
    throw new Error(`TEST_LENGTH is short, whole or long, not ${length}.`);
  }
  return length;
}

/** What a test of this length takes; as much as a whole one where a long one has nothing to add. */
export function byLength<Value>(values: {
  readonly short: Value;
  readonly whole: Value;
  readonly long?: Value;
}): Value {
  const { short, whole, long = whole } = values;
  return { short, whole, long }[testLength()];
}
