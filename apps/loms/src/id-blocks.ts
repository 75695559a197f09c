/** Ids that no other replica gives out. */
export interface IdBlocks {
  take(count: number): Promise<bigint[]>;
}

/** Must stay what it is: a larger one would make later blocks overlap earlier ones. */
const blockSize = 1_000n;

/**
 * Gives out ids from blocks, so that one round trip serves a thousand orders. Ids of a block that a killed process had
 * not used are lost.
 *
 * @param nextBlock the number of a block that nobody else gets; the first is 1.
 */
export function createIdBlocks(nextBlock: () => Promise<bigint>): IdBlocks {
  let next = 0n;
  let end = 0n;
  return {
    async take(count) {
      const ids: bigint[] = [];
      // Two callers may fetch a block at once; the earlier one's is then lost, which costs nothing but numbers.
      while (ids.length < count) {
        if (next === end) {
          const first = (await nextBlock()) * blockSize;
          next = first;
          end = first + blockSize;
        }
        ids.push(next);
        next += 1n;
      }
      return ids;
    },
  };
}
