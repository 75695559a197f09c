/** One entry for about every 4 KiB of log, as Apache Kafka does: a lookup then walks a few batch headers. */
const bytesPerEntry = 4096;

interface IndexEntry {
  readonly baseOffset: bigint;
  readonly position: number;
  /** The largest timestamp of all batches before this one. */
  readonly maxTimestampBefore: bigint;
}

/** Says where in a log file to begin looking for an offset or for a timestamp. */
export interface OffsetIndex {
  /** Told of every batch in the order of the file. */
  add(batch: { baseOffset: bigint; position: number; sizeBytes: number; maxTimestamp: bigint }): void;
  /** The position of a batch at or before the one that holds the offset. */
  positionForOffset(offset: bigint): number;
  /** A position before which every record is older than the timestamp. */
  positionForTimestamp(timestamp: bigint): number;
}

export function createOffsetIndex(): OffsetIndex {
  const entries: IndexEntry[] = [];
  let bytesSinceEntry = 0;
  let maxTimestamp = -(2n ** 63n);

  /** The last entry for which the predicate holds; it must hold for a prefix of the entries. */
  function lastPosition(holds: (entry: IndexEntry) => boolean): number {
    let low = 0;
    let high = entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (holds(entries[middle]!)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low === 0 ? 0 : entries[low - 1]!.position;
  }

  return {
    add(batch) {
      if (entries.length === 0 || bytesSinceEntry >= bytesPerEntry) {
        entries.push({
          baseOffset: batch.baseOffset,
          position: batch.position,
          maxTimestampBefore: maxTimestamp,
        });
        bytesSinceEntry = 0;
      }
      bytesSinceEntry += batch.sizeBytes;
      if (batch.maxTimestamp > maxTimestamp) {
        maxTimestamp = batch.maxTimestamp;
      }
    },
    positionForOffset: (offset) => lastPosition((entry) => entry.baseOffset <= offset),
    positionForTimestamp: (timestamp) => lastPosition((entry) => entry.maxTimestampBefore < timestamp),
  };
}
