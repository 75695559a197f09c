import type { ServerResponse } from "node:http";
import { Failure } from "@ordermesh/failure/failure";
import { LRUCache } from "lru-cache";
import {
  type Bucket,
  type RateLimit,
  shareOf,
  type Taken,
  takeToken,
  windowSeconds,
} from "../domain/rate-limit.ts";

/** Buckets of one kind: by address, or by user. */
export interface RateLimiter {
  readonly name: string;
  readonly limit: RateLimit;
  take(key: string): Taken;
}

/**
 * The limits are counted in this process: each replica gives its share of them. Of more keys than `keysMax` the ones
 * that were quiet for longest are forgotten, which gives those their full burst again.
 */
export function createRateLimiter(options: {
  readonly name: string;
  readonly limit: RateLimit;
  readonly replicas: number;
  readonly keysMax: number;
}): RateLimiter {
  const limit = shareOf(options.limit, options.replicas);
  const buckets = new LRUCache<string, Bucket>({ max: options.keysMax });
  return {
    name: options.name,
    limit,
    take(key) {
      const taken = takeToken(limit, buckets.get(key), performance.now());
      buckets.set(key, taken.bucket);
      return taken;
    },
  };
}

/** What the limits say about one request, for its headers. */
export interface LimitsReport {
  take(limiter: RateLimiter, key: string): void;
}

/**
 * Takes the request out of one limit after another, and tells in the headers RateLimit and RateLimit-Policy what is
 * left.
 *
 * @throws Failure `resource_exhausted` from `take`, with the time to wait.
 */
export function reportLimits(response: ServerResponse): LimitsReport {
  const policies: string[] = [];
  const states: string[] = [];
  return {
    take(limiter, key) {
      const taken = limiter.take(key);
      policies.push(`"${limiter.name}";q=${limiter.limit.burst};w=${windowSeconds(limiter.limit)}`);
      states.push(`"${limiter.name}";r=${taken.remaining};t=${taken.resetSeconds}`);
      response.setHeader("ratelimit-policy", policies.join(", "));
      response.setHeader("ratelimit", states.join(", "));
      if (!taken.allowed) {
        throw new Failure(
          "resource_exhausted",
          `Too many requests by one ${limiter.name}. Wait, and try again.`,
          {
            reason: "RATE_LIMITED",
            metadata: { limit: limiter.name },
            retryAfterMs: taken.retryAfterMs,
          },
        );
      }
    },
  };
}
