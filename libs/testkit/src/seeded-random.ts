/** Random numbers that can be repeated. */
export interface SeededRandom {
  readonly seed: number;
  /** At least 0 and below 1. */
  next(): number;
  /** From `low` to `high`, both included. */
  integer(low: number, high: number): number;
  pick<Item>(items: readonly Item[]): Item;
}

/** Takes the seed from TEST_SEED, or a new one, and prints it, so that a failing run can be repeated. */
export function seededRandom(name: string): SeededRandom {
  const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
  process.stdout.write(`${name}: TEST_SEED=${seed}\n`);
  return randomFrom(seed);
}

/** The numbers of one seed. Mulberry32: the quality that tests need, in four lines. */
export function randomFrom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  return {
    seed,
    next,
    integer,
    pick(items) {
      const item = items[integer(0, items.length - 1)];
      if (item === undefined) {
        throw new Error("There is nothing to pick from.");
      }
      return item;
    },
  };
}
