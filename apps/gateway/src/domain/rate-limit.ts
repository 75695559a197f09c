/** So many requests at once, and so many more every second. */
export interface RateLimit {
  readonly perSecond: number;
  readonly burst: number;
}

/** One caller's bucket of tokens at a moment. */
export interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

export interface Taken {
  readonly allowed: boolean;
  readonly bucket: Bucket;
  /** Whole requests that are left. */
  readonly remaining: number;
  /** Until the bucket is full again. */
  readonly resetSeconds: number;
  /** Until there is one again; 0 if there is one. */
  readonly retryAfterMs: number;
}

/** Takes one request out of a bucket; a new one is full. What is refused costs nothing. */
export function takeToken(limit: RateLimit, bucket: Bucket | undefined, nowMs: number): Taken {
  const elapsedMs = bucket === undefined ? 0 : Math.max(0, nowMs - bucket.atMs);
  const before =
    bucket === undefined
      ? limit.burst
      : Math.min(limit.burst, bucket.tokens + (elapsedMs / 1000) * limit.perSecond);
  const allowed = before >= 1;
  const tokens = allowed ? before - 1 : before;
  return {
    allowed,
    bucket: { tokens, atMs: nowMs },
    remaining: Math.floor(tokens),
    resetSeconds: Math.ceil((limit.burst - tokens) / limit.perSecond),
    retryAfterMs: allowed ? 0 : Math.ceil(((1 - before) / limit.perSecond) * 1000),
  };
}

/** The share of one process of a limit that holds for all of them together. */
export function shareOf({ perSecond, burst }: RateLimit, replicas: number): RateLimit {
  return { perSecond: perSecond / replicas, burst: Math.max(1, Math.floor(burst / replicas)) };
}

/** The window after which the whole burst is there again, in seconds. */
export function windowSeconds({ perSecond, burst }: RateLimit): number {
  return Math.max(1, Math.ceil(burst / perSecond));
}
