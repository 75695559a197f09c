import fc from "fast-check";
import { expect, test } from "vitest";
import { type Bucket, shareOf, takeToken, windowSeconds } from "./rate-limit.ts";

test("in any time no more pass than the burst and what flows in", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100 }),
      fc.integer({ min: 1, max: 100 }),
      fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 200 }),
      (perSecond, burst, waitsMs) => {
        let bucket: Bucket | undefined;
        let nowMs = 0;
        let passed = 0;
        for (const waitMs of waitsMs) {
          nowMs += waitMs;
          const taken = takeToken({ perSecond, burst }, bucket, nowMs);
          bucket = taken.bucket;
          passed += taken.allowed ? 1 : 0;
          expect(taken.remaining).toBeGreaterThanOrEqual(0);
          expect(taken.allowed).toBe(taken.retryAfterMs === 0);
        }
        expect(passed).toBeLessThanOrEqual(burst + (nowMs / 1000) * perSecond);
      },
    ),
  );
});

test("who waits as long as told is let in", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000 }),
      fc.double({ min: 0, max: 0.99, noNaN: true }),
      (perSecond, tokens) => {
        const limit = { perSecond, burst: 10 };
        const refused = takeToken(limit, { tokens, atMs: 0 }, 0);
        expect(refused.allowed).toBe(false);
        expect(takeToken(limit, refused.bucket, refused.retryAfterMs).allowed).toBe(true);
      },
    ),
  );
});

test("a clock that goes back gives nothing and takes nothing", () => {
  const { bucket } = takeToken({ perSecond: 1, burst: 2 }, undefined, 1_000);
  expect(takeToken({ perSecond: 1, burst: 2 }, bucket, 0)).toMatchObject({ allowed: true, remaining: 0 });
});

test("replicas share a limit", () => {
  expect(shareOf({ perSecond: 100, burst: 200 }, 4)).toEqual({ perSecond: 25, burst: 50 });
  expect(shareOf({ perSecond: 1, burst: 1 }, 4)).toEqual({ perSecond: 0.25, burst: 1 });
  expect(windowSeconds({ perSecond: 100, burst: 200 })).toBe(2);
});
