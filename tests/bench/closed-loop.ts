import { percentile } from "./statistics.ts";

/** What a load did: every operation of it succeeded, because one that fails ends the benchmark. */
export interface LoadResult {
  readonly operations: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * Keeps `concurrency` operations under way until the time is over, each worker beginning its next one when its last
 * one is done, and waits for those under way.
 *
 * @param operation gets a number that no other operation of this load has.
 */
export function loadFor(
  durationMs: number,
  concurrency: number,
  operation: (index: number) => Promise<unknown>,
): Promise<LoadResult> {
  const endsAt = performance.now() + durationMs;
  return load(concurrency, operation, () => performance.now() < endsAt);
}

/** The same for a fixed number of operations. */
export function loadTimes(
  count: number,
  concurrency: number,
  operation: (index: number) => Promise<unknown>,
): Promise<LoadResult> {
  return load(concurrency, operation, (index) => index < count);
}

async function load(
  concurrency: number,
  operation: (index: number) => Promise<unknown>,
  goesOn: (nextIndex: number) => boolean,
): Promise<LoadResult> {
  const latenciesMs: number[] = [];
  let next = 0;
  const startedMs = performance.now();
  async function work(): Promise<void> {
    while (goesOn(next)) {
      const index = next;
      next += 1;
      const beganMs = performance.now();
      await operation(index);
      latenciesMs.push(performance.now() - beganMs);
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work));
  const seconds = (performance.now() - startedMs) / 1000;
  return {
    operations: latenciesMs.length,
    seconds,
    perSecond: latenciesMs.length / seconds,
    p50Ms: percentile(latenciesMs, 0.5),
    p99Ms: percentile(latenciesMs, 0.99),
  };
}
