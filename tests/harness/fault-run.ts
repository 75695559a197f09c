import { appendFileSync } from "node:fs";
import { type SeededRandom, seededRandom } from "@ordermesh/testkit/seeded-random";
import { byLength, type TestLength, testLength } from "@ordermesh/testkit/test-length";

/** How far one fault test goes, and where it says what it did. */
export interface FaultRun {
  readonly rounds: number;
  readonly isLong: boolean;
  readonly random: SeededRandom;
  /** For the test function: a round's share of it times the rounds, and a minute to start and to verify. */
  timeoutMs(perRoundMs: number): number;
  /** Prints what fired and what came of it, and leaves it for the summary of `npm run faults`. */
  report(counts: Readonly<Record<string, number>>): void;
}

/**
 * `npm run faults`, which is long, may also set FAULTS_ROUNDS, TEST_SEED and FAULTS_REPORT (a file that gets a line of
 * JSON per test).
 */
export function faultRun(claim: string, rounds: Readonly<Record<TestLength, number>>): FaultRun {
  const isLong = testLength() === "long";
  const count = Number(process.env.FAULTS_ROUNDS ?? byLength(rounds));
  const random = seededRandom(claim);
  // Of this test: a file's tests run one after another, each ending with its report.
  let startedAt = Date.now();
  return {
    rounds: count,
    isLong,
    random,
    timeoutMs: (perRoundMs) => 60_000 + count * perRoundMs,
    report(counts) {
      const entry = { claim, seed: random.seed, rounds: count, ...counts };
      const texts = Object.entries(counts).map(([name, value]) => `${value} ${name}`);
      process.stdout.write(`${claim}: seed ${random.seed}, ${count} rounds, ${texts.join(", ")}\n`);
      if (process.env.FAULTS_REPORT !== undefined) {
        const seconds = Math.round((Date.now() - startedAt) / 1000);
        appendFileSync(process.env.FAULTS_REPORT, `${JSON.stringify({ ...entry, seconds })}\n`);
      }
      startedAt = Date.now();
    },
  };
}
