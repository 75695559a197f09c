import type { DevkafkaLogger } from "../logger.ts";
import { type ErrorCode, errorCodes } from "../wire/error-codes.ts";
import { type LogFile, openLogFile } from "./log-file.ts";
import { createOffsetIndex, type OffsetIndex } from "./offset-index.ts";
import { createProducerSequences, type ProducerSequences } from "./producer-sequences.ts";
import {
  firstRecordFrom,
  hasValidChecksum,
  isPlausible,
  type RecordBatchHeader,
  readRecordBatchHeader,
  recordBatchBytesMax,
  recordBatchHeaderBytes,
  stampRecordBatch,
} from "./record-batch.ts";

export interface AppendResult {
  readonly error: ErrorCode;
  /** -1 when there is an error. */
  readonly baseOffset: bigint;
}

export interface ReadResult {
  readonly error: ErrorCode;
  readonly records: Buffer;
}

/** One partition: an append-only file of record batches as producers sent them, compression unopened. */
export interface PartitionLog {
  /** The offset that the next record gets. Records are never deleted, so the first one has offset 0. */
  endOffset(): bigint;
  /** Takes one record batch, patches its offset in place and writes it before it returns. */
  append(batch: Buffer): AppendResult;
  /** Whole batches from the one that holds the offset on: at least one if there is one, else up to `maxBytes`. */
  read(offset: bigint, maxBytes: number): ReadResult;
  /** The first record that is not older than the timestamp. */
  findTimestamp(timestamp: bigint): { readonly offset: bigint; readonly timestamp: bigint } | undefined;
  /** Calls back after every append and at close, until the returned function is called. */
  onChange(listener: () => void): () => void;
  close(): void;
}

interface PartitionState {
  readonly index: OffsetIndex;
  readonly producers: ProducerSequences;
  readonly logger: DevkafkaLogger;
  endOffset: bigint;
}

/**
 * Opens the log of one partition.
 *
 * @param fsync whether a batch is flushed to the disk before it is acknowledged.
 * @throws Failure when the file is damaged.
 */
export function openPartitionLog(options: {
  readonly path: string;
  readonly fsync: boolean;
  readonly logger: DevkafkaLogger;
}): PartitionLog {
  const { path, fsync, logger } = options;
  const state: PartitionState = {
    index: createOffsetIndex(),
    producers: createProducerSequences(),
    logger,
    endOffset: 0n,
  };
  const listeners = new Set<() => void>();
  const file = openLogFile({
    path,
    fsync,
    logger,
    onBatch: (header, position) => noteBatch(state, header, position),
  });
  const tellListeners = () => {
    for (const listener of [...listeners]) {
      listener();
    }
  };

  return {
    endOffset: () => state.endOffset,
    append(batch) {
      const endBefore = state.endOffset;
      const result = appendBatch(state, file, batch);
      if (state.endOffset > endBefore) {
        tellListeners();
      }
      return result;
    },
    read: (offset, maxBytes) => readBatches(state, file, offset, maxBytes),
    findTimestamp(timestamp) {
      const start = state.index.positionForTimestamp(timestamp);
      const found = findBatch(file, start, (header) => header.maxTimestamp >= timestamp);
      return found && firstRecordFrom(file.read(found.position, found.header.sizeBytes), timestamp);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      file.close();
      tellListeners();
    },
  };
}

/** Takes a batch that is in the file, with its offset, into what is kept in memory. */
function noteBatch(state: PartitionState, header: RecordBatchHeader, position: number): void {
  const { baseOffset, sizeBytes, maxTimestamp } = header;
  state.index.add({ baseOffset, position, sizeBytes, maxTimestamp });
  state.producers.remember(header);
  state.endOffset = header.lastOffset + 1n;
}

function appendBatch(state: PartitionState, file: LogFile, batch: Buffer): AppendResult {
  const error = checkProducedBatch(batch);
  if (error !== errorCodes.none) {
    return refused(error);
  }
  const sequence = state.producers.check(readRecordBatchHeader(batch));
  if (sequence.kind === "refused") {
    return refused(sequence.error);
  }
  if (sequence.kind === "duplicate") {
    return { error: errorCodes.none, baseOffset: sequence.baseOffset };
  }
  stampRecordBatch(batch, state.endOffset);
  const header = readRecordBatchHeader(batch);
  try {
    const position = file.append(batch);
    noteBatch(state, header, position);
  } catch (err) {
    state.logger.warn({ err }, "could not append to a log");
    return refused(errorCodes.kafkaStorageError);
  }
  return { error: errorCodes.none, baseOffset: header.baseOffset };
}

function refused(error: ErrorCode): AppendResult {
  return { error, baseOffset: -1n };
}

/** What Apache Kafka checks of a produced batch, with the same answers. */
function checkProducedBatch(batch: Buffer): ErrorCode {
  if (batch.length < recordBatchHeaderBytes) {
    return errorCodes.invalidRecord;
  }
  if (batch.length > recordBatchBytesMax) {
    return errorCodes.messageTooLarge;
  }
  const header = readRecordBatchHeader(batch);
  const { magic, sizeBytes } = header;
  if (magic !== 2 || sizeBytes > batch.length) {
    return errorCodes.invalidRecord;
  }
  if (sizeBytes < recordBatchHeaderBytes || !hasValidChecksum(batch.subarray(0, sizeBytes))) {
    return errorCodes.corruptMessage;
  }
  const isAcceptable =
    isPlausible(header) &&
    sizeBytes === batch.length &&
    !header.isTransactionalOrControl &&
    (header.producerId < 0n || header.baseSequence >= 0);
  return isAcceptable ? errorCodes.none : errorCodes.invalidRecord;
}

function readBatches(state: PartitionState, file: LogFile, offset: bigint, maxBytes: number): ReadResult {
  if (offset < 0n || offset > state.endOffset) {
    return { error: errorCodes.offsetOutOfRange, records: Buffer.alloc(0) };
  }
  const first =
    offset === state.endOffset
      ? undefined
      : findBatch(file, state.index.positionForOffset(offset), (header) => header.lastOffset >= offset);
  if (first === undefined) {
    return { error: errorCodes.none, records: Buffer.alloc(0) };
  }
  const records = file.read(first.position, Math.max(maxBytes, first.header.sizeBytes));
  return { error: errorCodes.none, records: wholeBatches(records) };
}

/** Walks the batches from a position on until one is accepted. */
function findBatch(file: LogFile, start: number, accept: (header: RecordBatchHeader) => boolean) {
  for (let position = start; position < file.sizeBytes(); ) {
    const header = readRecordBatchHeader(file.read(position, recordBatchHeaderBytes));
    if (accept(header)) {
      return { header, position };
    }
    position += header.sizeBytes;
  }
  return undefined;
}

/** Drops the last batch where the read ended inside it. The first batch is always whole. */
function wholeBatches(records: Buffer): Buffer {
  let end = 0;
  while (records.length - end >= recordBatchHeaderBytes) {
    const next = end + readRecordBatchHeader(records, end).sizeBytes;
    if (next > records.length) {
      break;
    }
    end = next;
  }
  return records.subarray(0, end);
}
