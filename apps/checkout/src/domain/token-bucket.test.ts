import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fullBucket, type TokenRate, takeToken } from "./token-bucket.ts";

/** Asks at the given times and returns when each granted caller may act. */
function releases(rate: TokenRate, asks: readonly { atMs: number; waitMaxMs: number }[]): number[] {
  let bucket = fullBucket(rate, 0);
  const granted: number[] = [];
  for (const { atMs, waitMaxMs } of asks) {
    const result = takeToken(bucket, rate, atMs, waitMaxMs);
    if (result.kind === "taken") {
      bucket = result.bucket;
      granted.push(atMs + result.delayMs);
    }
  }
  return granted;
}

const rates = fc.record({
  perSecond: fc.integer({ min: 1, max: 5_000 }),
  burst: fc.integer({ min: 1, max: 50 }),
});

/** Times that never go back, many of them at the same moment or a fraction of an interval apart. */
const asks = fc
  .array(
    fc.record({
      stepMs: fc.oneof(
        fc.constant(0),
        fc.double({ min: 0, max: 3, noNaN: true }),
        fc.integer({ min: 0, max: 2_000 }),
      ),
      waitMaxMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 500 })),
    }),
    { maxLength: 200 },
  )
  .map((steps) => {
    let atMs = 0;
    return steps.map(({ stepMs, waitMaxMs }) => {
      atMs += stepMs;
      return { atMs, waitMaxMs };
    });
  });

describe("takeToken", () => {
  it("lets a burst through at once and then spaces callers out", () => {
    const rate = { perSecond: 10, burst: 3 };
    const callers = Array.from({ length: 6 }, () => ({ atMs: 0, waitMaxMs: 1_000 }));
    expect(releases(rate, callers)).toEqual([0, 0, 0, 100, 200, 300]);
  });

  it("refuses a caller who can not wait so long, and costs it nothing", () => {
    const rate = { perSecond: 10, burst: 1 };
    const { bucket } = takeToken(fullBucket(rate, 0), rate, 0, 0) as {
      bucket: Parameters<typeof takeToken>[0];
    };
    expect(takeToken(bucket, rate, 0, 99)).toEqual({ kind: "refused", delayMs: 100 });
    expect(takeToken(bucket, rate, 0, 100)).toMatchObject({ kind: "taken", delayMs: 100 });
  });

  it("makes no token of a clock that goes back", () => {
    const rate = { perSecond: 1_000, burst: 1 };
    const taken = takeToken(fullBucket(rate, 1_000), rate, 500, 0);
    expect(taken).toMatchObject({ kind: "taken", bucket: { tokens: 0, atMs: 1_000 } });
    expect(taken.kind === "taken" && takeToken(taken.bucket, rate, 900, 0).kind).toBe("refused");
  });

  it("never lets more through than the burst and what the time is worth, in any window", () => {
    fc.assert(
      fc.property(rates, asks, (rate, callers) => {
        const granted = releases(rate, callers);
        granted.forEach((from, first) => {
          granted.slice(first).forEach((to, count) => {
            const worth = rate.burst + ((to - from) * rate.perSecond) / 1_000;
            expect(count + 1).toBeLessThanOrEqual(worth + 1e-6);
          });
        });
      }),
    );
  });

  it("loses no part of an interval: whoever asks all the time gets all that the time is worth", () => {
    // A bucket for one token alone is full, and spills, between two questions. That is its burst and not a rounding.
    const roomy = rates.map(({ perSecond, burst }) => ({ perSecond, burst: burst + 1 }));
    fc.assert(
      fc.property(roomy, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (rate, share) => {
        const stepMs = (share * 1_000) / rate.perSecond;
        const callers = Array.from({ length: 2_000 }, (_, index) => ({
          atMs: (index + 1) * stepMs,
          waitMaxMs: 0,
        }));
        const lengthMs = 2_000 * stepMs;
        const worth = (lengthMs * rate.perSecond) / 1_000;
        expect(releases(rate, callers).length).toBeGreaterThanOrEqual(Math.floor(worth - 1e-6));
      }),
    );
  });

  it("serves in the order of asking, and says truly how long a refused caller would have waited", () => {
    fc.assert(
      fc.property(rates, asks, (rate, callers) => {
        const granted = releases(rate, callers);
        expect(granted).toEqual([...granted].sort((a, b) => a - b));
        let bucket = fullBucket(rate, 0);
        for (const { atMs, waitMaxMs } of callers) {
          const result = takeToken(bucket, rate, atMs, waitMaxMs);
          if (result.kind === "refused") {
            expect(takeToken(bucket, rate, atMs, result.delayMs)).toMatchObject({
              kind: "taken",
              delayMs: result.delayMs,
            });
          } else {
            bucket = result.bucket;
          }
        }
      }),
    );
  });
});
