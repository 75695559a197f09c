import { performance } from "node:perf_hooks";
import { Failure } from "@ordermesh/failure/failure";
import { pause } from "@ordermesh/process/wait";
import { fullBucket, type TokenRate, takeToken } from "../domain/token-bucket.ts";

/** What this process may send to one upstream, over all its callers. */
export interface RateLimit {
  /**
   * Takes the right to one call.
   *
   * @param waitMaxMs how long the caller can wait for it; 30 s at most count.
   * @returns milliseconds that it must wait before the call.
   * @throws Failure `resource_exhausted` with the time after which to try again, at once and without taking anything.
   */
  take(waitMaxMs: number): number;
  /** Takes the right to one call and waits for it, or until the call that wants it is over. */
  wait(call: { readonly signal: AbortSignal; remainingMs(): number }): Promise<void>;
}

const longestWaitMs = 30_000;

/** @param upstream its name, for the message. */
export function createRateLimit(upstream: string, rate: TokenRate): RateLimit {
  let bucket = fullBucket(rate, performance.now());

  function take(waitMaxMs: number): number {
    const result = takeToken(bucket, rate, performance.now(), Math.min(waitMaxMs, longestWaitMs));
    if (result.kind === "refused") {
      throw new Failure(
        "resource_exhausted",
        `Too many requests for ${upstream} are waiting. Try again later.`,
        {
          reason: "UPSTREAM_RATE_LIMIT",
          metadata: { upstream },
          retryAfterMs: result.delayMs,
        },
      );
    }
    bucket = result.bucket;
    return result.delayMs;
  }

  return {
    take,
    async wait(call) {
      const delayMs = take(call.remainingMs());
      if (delayMs > 0) {
        await pause(delayMs, call.signal);
      }
      call.signal.throwIfAborted();
    },
  };
}
