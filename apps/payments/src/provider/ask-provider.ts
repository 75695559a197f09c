import { Failure } from "@ordermesh/failure/failure";
import { withTimeout } from "@ordermesh/process/wait";
import type { Logger } from "@ordermesh/telemetry/logger";
import type { Provider, ProviderCallName, ProviderCalls } from "./provider.ts";

/** Asks the provider, with a bound on the wait. */
export type AskProvider = <Name extends ProviderCallName>(
  call: Name,
  request: ProviderCalls[Name]["request"],
) => Promise<ProviderCalls[Name]["answer"]>;

/**
 * Bounds and measures the calls of a provider.
 *
 * @param options.onAnswered told how long each call took, and whether there was an answer.
 * @returns a function that throws Failure `unavailable` when there was no answer in time. It never repeats the request:
 * that may hold a card, and a provider's own error may repeat it, so that is left out as well.
 */
export function createAskProvider(options: {
  readonly provider: Provider;
  readonly timeoutMs: number;
  readonly logger: Logger;
  readonly onAnswered: (call: ProviderCallName, answered: boolean, durationMs: number) => void;
}): AskProvider {
  const { provider, timeoutMs, logger, onAnswered } = options;
  return async (call, request) => {
    const startedAt = performance.now();
    const expiring = new AbortController();
    try {
      const answer = await withTimeout(
        provider(call, request, expiring.signal),
        timeoutMs,
        () => new Error("late"),
      );
      onAnswered(call, true, performance.now() - startedAt);
      return answer;
    } catch (error) {
      onAnswered(call, false, performance.now() - startedAt);
      const problem = error instanceof Error ? error.name : "no error";
      logger.warn({ call, problem }, "the payment provider did not answer");
      throw new Failure("unavailable", "The payment provider does not answer. Try again shortly.", {
        reason: "PROVIDER_UNAVAILABLE",
        retryAfterMs: 1_000,
      });
    } finally {
      expiring.abort();
    }
  };
}
