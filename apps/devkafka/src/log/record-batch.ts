import { gunzipSync } from "node:zlib";
import { crc32c } from "./crc32c.ts";

/** The fixed part of a record batch of message format 2, before its records. */
export const recordBatchHeaderBytes = 61;

/** Apache Kafka's default for message.max.bytes: the largest batch that a topic takes, after compression. */
export const recordBatchBytesMax = 1_048_588;

const lengthFieldEnd = 12;
const checksumStart = 21;
const compressionMask = 0x07;
const transactionalOrControlMask = 0x30;
const decompressedBytesMax = 64 * 1024 * 1024;

export interface RecordBatchHeader {
  readonly baseOffset: bigint;
  /** Of the whole batch with this header. */
  readonly sizeBytes: number;
  readonly magic: number;
  readonly compression: "none" | "gzip" | "other";
  readonly isTransactionalOrControl: boolean;
  readonly lastOffset: bigint;
  /** Milliseconds since 1970, as all timestamps here. */
  readonly baseTimestamp: bigint;
  readonly maxTimestamp: bigint;
  /** -1 when the producer is not idempotent. */
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly lastSequence: number;
  readonly recordCount: number;
}

/** Reads a header that is `recordBatchHeaderBytes` long, and believes it: see `isPlausible`. */
export function readRecordBatchHeader(bytes: Buffer, start = 0): RecordBatchHeader {
  const baseOffset = bytes.readBigInt64BE(start);
  const attributes = bytes.readInt16BE(start + 21);
  const lastOffsetDelta = bytes.readInt32BE(start + 23);
  const baseSequence = bytes.readInt32BE(start + 53);
  const compression = attributes & compressionMask;
  return {
    baseOffset,
    sizeBytes: bytes.readInt32BE(start + 8) + lengthFieldEnd,
    magic: bytes.readInt8(start + 16),
    compression: compression === 0 ? "none" : compression === 1 ? "gzip" : "other",
    isTransactionalOrControl: (attributes & transactionalOrControlMask) !== 0,
    lastOffset: baseOffset + BigInt(lastOffsetDelta),
    baseTimestamp: bytes.readBigInt64BE(start + 27),
    maxTimestamp: bytes.readBigInt64BE(start + 35),
    producerId: bytes.readBigInt64BE(start + 43),
    producerEpoch: bytes.readInt16BE(start + 51),
    baseSequence,
    lastSequence: sequenceAfter(baseSequence, lastOffsetDelta),
    recordCount: bytes.readInt32BE(start + 57),
  };
}

/** Sequence numbers wrap from the largest 32-bit integer to zero. */
export function sequenceAfter(sequence: number, steps: number): number {
  return (sequence + steps) % 2 ** 31;
}

/** Whether the header can be one that this broker wrote. */
export function isPlausible(header: RecordBatchHeader): boolean {
  return (
    header.magic === 2 &&
    header.sizeBytes >= recordBatchHeaderBytes &&
    header.sizeBytes <= recordBatchBytesMax &&
    header.recordCount > 0 &&
    header.lastOffset === header.baseOffset + BigInt(header.recordCount - 1)
  );
}

export function hasValidChecksum(batch: Buffer): boolean {
  return crc32c(batch.subarray(checksumStart)) === batch.readUInt32BE(17);
}

/** Gives the batch its place in the log. The checksum leaves out offset and leader epoch for this purpose. */
export function stampRecordBatch(batch: Buffer, baseOffset: bigint): void {
  batch.writeBigInt64BE(baseOffset, 0);
  batch.writeInt32BE(0, 12);
}

/**
 * Finds the first record of a batch that is not older than a timestamp. The records are read where they are plain or
 * gzip; a batch in another compression answers with its first record, which is at most one batch too early.
 */
export function firstRecordFrom(
  batch: Buffer,
  timestamp: bigint,
): { offset: bigint; timestamp: bigint } | undefined {
  const header = readRecordBatchHeader(batch);
  if (header.maxTimestamp < timestamp) {
    return undefined;
  }
  const first = { offset: header.baseOffset, timestamp: header.baseTimestamp };
  if (header.compression === "other") {
    return first;
  }
  const body = batch.subarray(recordBatchHeaderBytes);
  try {
    const records =
      header.compression === "gzip" ? gunzipSync(body, { maxOutputLength: decompressedBytesMax }) : body;
    return findRecord(records, header, timestamp);
  } catch {
    // Only the checksum was verified when the batch was appended. Records that cannot be read are for the consumer to
    // refuse; a position is still due.
    return first;
  }
}

function findRecord(records: Buffer, header: RecordBatchHeader, timestamp: bigint) {
  let position = 0;
  for (let index = 0; index < header.recordCount; index++) {
    const size = readVarint(records, position);
    // One byte of attributes lies between the size of a record and its timestamp.
    const timestampDelta = readVarint(records, size.end + 1);
    const offsetDelta = readVarint(records, timestampDelta.end);
    const recordTimestamp = header.baseTimestamp + BigInt(timestampDelta.value);
    if (recordTimestamp >= timestamp) {
      return { offset: header.baseOffset + BigInt(offsetDelta.value), timestamp: recordTimestamp };
    }
    position = size.end + size.value;
  }
  return undefined;
}

/** Reads a zigzag-encoded integer of variable length, exact up to 2^53. */
function readVarint(bytes: Buffer, start: number): { value: number; end: number } {
  let encoded = 0;
  for (let index = 0; index < 10; index++) {
    const byte = bytes.readUInt8(start + index);
    encoded += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) {
      return { value: encoded % 2 === 0 ? encoded / 2 : -(encoded + 1) / 2, end: start + index + 1 };
    }
  }
  throw new RangeError("a variable-length integer has more than ten bytes");
}
