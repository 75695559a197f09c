/** Tokens come at a steady rate, and up to `burst` of them are kept for later. */
export interface TokenRate {
  readonly perSecond: number;
  readonly burst: number;
}

export interface TokenBucket {
  /** With fractions, so that no part of an interval is lost. Below 0 while tokens that are still to come are taken. */
  readonly tokens: number;
  readonly atMs: number;
}

export type TokenResult =
  | { readonly kind: "taken"; readonly bucket: TokenBucket; readonly delayMs: number }
  /** Nothing was taken: the bucket is as it was. */
  | { readonly kind: "refused"; readonly delayMs: number };

/** A bucket that has not been used yet. */
export function fullBucket({ burst }: TokenRate, nowMs: number): TokenBucket {
  return { tokens: burst, atMs: nowMs };
}

/**
 * Takes one token, or the next one to come if it comes soon enough. Tokens are given in the order of asking.
 *
 * @param nowMs by a clock that does not jump. Should it go back, no token is made of it.
 * @param waitMaxMs the longest delay that the caller can afford.
 * @returns `delayMs`: how long the caller must wait before it acts, or would have had to.
 */
export function takeToken(
  bucket: TokenBucket,
  rate: TokenRate,
  nowMs: number,
  waitMaxMs: number,
): TokenResult {
  const atMs = Math.max(bucket.atMs, nowMs);
  const made = ((atMs - bucket.atMs) * rate.perSecond) / 1000;
  const tokens = Math.min(rate.burst, bucket.tokens + made) - 1;
  const delayMs = tokens >= 0 ? 0 : (-tokens * 1000) / rate.perSecond;
  return delayMs > waitMaxMs
    ? { kind: "refused", delayMs }
    : { kind: "taken", bucket: { tokens, atMs }, delayMs };
}
