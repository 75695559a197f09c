/** Random integers that a seed determines (mulberry32). TEST_SEED repeats a run. */
export function randomNumbers(): { seed: number; integer(low: number, high: number): number } {
  const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
  let state = seed;
  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  return { seed, integer: (low, high) => low + Math.floor(next() * (high - low + 1)) };
}
