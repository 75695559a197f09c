import { runVerify, type VerifyTargets } from "@ordermesh/ordermesh/verify/run-verify";
import { eventually } from "@ordermesh/testkit/eventually";
import { testLogger } from "@ordermesh/testkit/test-logger";
import { expect } from "vitest";

/**
 * Ends a test as every fault test ends: `ordermesh verify` finds nothing, once the outbox has drained and late timers
 * have fired.
 *
 * @returns how much each invariant looked at, because a check that saw nothing has proved nothing.
 */
export async function expectVerifyClean(targets: VerifyTargets): Promise<Record<string, number>> {
  const results = await eventually(
    async () => {
      const found = await runVerify(targets, testLogger());
      expect(
        found.flatMap(({ findings }) => findings.map(({ invariant, text }) => `${invariant} ${text}`)),
      ).toEqual([]);
      return found;
    },
    { timeoutMs: 60_000, everyMs: 500 },
  );
  return Object.fromEntries(
    results.map(({ invariant, claim, examined }) => [`${invariant} ${claim}`, examined]),
  );
}
