import { Failure } from "@ordermesh/failure/failure";
import { addressGroup } from "@ordermesh/rpc/client-address";
import type { RateLimit } from "../domain/rate-limit.ts";
import { type Caller, callerId } from "./callers.ts";
import { createRateLimiter, type LimitsReport } from "./rate-limits.ts";

/** Everything that is counted at the edge. */
export interface EdgeLimits {
  /** @throws Failure `resource_exhausted`, as all of these. */
  takeForAddress(report: LimitsReport, address: string, path: string): void;
  takeForCaller(report: LimitsReport, caller: Caller): void;
  /** Bounds the keys that one caller may have remembered. */
  takeForKey(callerId: string): void;
}

/** Where passwords and tokens are tried. */
const credentialPaths =
  /^\/v1\/auth\/(login|register|refresh)$|^\/verification\/(login|register|verify|logout)\/$|^\/ordermesh\.identity\.v1\.IdentityService\/(Login|Register|Refresh)$/;

/** Where a page tries them. A refresh token is no password: nobody guesses one. */
const seatLoginPath = "/auth/seat/login";

/** Addresses and users that are counted at the same time, per limit: some 100 bytes each. */
const keysMax = 100_000;

/** As many as a busy backend needs in a day; they are kept for one. */
const keysPerDay: RateLimit = { perSecond: 100_000 / 86_400, burst: 100_000 };

export function createEdgeLimits(options: {
  readonly perAddress: RateLimit;
  readonly perUser: RateLimit;
  readonly credentials: RateLimit;
  /** Gateways that share the limits. */
  readonly replicas: number;
}): EdgeLimits {
  const { replicas } = options;
  const limiter = (name: string, limit: RateLimit) => createRateLimiter({ name, limit, replicas, keysMax });
  const addresses = limiter("address", options.perAddress);
  const users = limiter("user", options.perUser);
  // Of their own: tokens that somebody makes up must not make us forget what users have left.
  const guests = limiter("guest", options.perUser);
  const credentials = limiter("credentials", options.credentials);
  const keys = limiter("idempotency-keys", keysPerDay);
  return {
    takeForAddress(report, address, path) {
      const key = addressGroup(address);
      report.take(addresses, key);
      if (credentialPaths.test(path) || path === seatLoginPath) {
        report.take(credentials, key);
      }
    },
    takeForCaller(report, caller) {
      const id = callerId(caller);
      if (id !== undefined) {
        report.take(caller.guest === undefined ? users : guests, id);
      }
    },
    takeForKey(id) {
      const { allowed, retryAfterMs } = keys.take(id);
      if (!allowed) {
        throw new Failure("resource_exhausted", "Too many idempotency keys within a day.", {
          reason: "TOO_MANY_IDEMPOTENCY_KEYS",
          retryAfterMs,
        });
      }
    },
  };
}
