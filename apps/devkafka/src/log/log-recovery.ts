import { readSync } from "node:fs";
import { Failure } from "@ordermesh/failure/failure";
import {
  hasValidChecksum,
  isPlausible,
  type RecordBatchHeader,
  readRecordBatchHeader,
  recordBatchBytesMax,
  recordBatchHeaderBytes,
} from "./record-batch.ts";

/** Always holds at least one whole batch behind the start of another. */
const windowBytes = 2 * recordBatchBytesMax;

/**
 * Reads a log from its beginning through a window of 2 MiB and reports every whole batch.
 *
 * @returns the length of the part that is whole. What follows it is one append that a crash cut off.
 * @throws Failure when what follows cannot be that: then the file was damaged, and truncating it would lose records
 *   that were acknowledged.
 */
export function recoverLog(options: {
  readonly descriptor: number;
  readonly path: string;
  readonly fileBytes: number;
  readonly onBatch: (header: RecordBatchHeader, position: number) => void;
}): number {
  const { descriptor, path, fileBytes, onBatch } = options;
  const buffer = Buffer.allocUnsafe(Math.min(windowBytes, fileBytes));
  let position = 0;
  let nextOffset = 0n;
  while (position < fileBytes) {
    const window = readWindow(descriptor, buffer, position);
    let start = 0;
    for (;;) {
      const batch = wholeBatch(window, start);
      if (batch === undefined || batch.header.baseOffset !== nextOffset) {
        break;
      }
      onBatch(batch.header, position + start);
      nextOffset = batch.header.lastOffset + 1n;
      start += batch.header.sizeBytes;
    }
    position += start;
    if (start === 0) {
      if (!isTornAppend(window, fileBytes - position)) {
        throw damagedLog(path, position, fileBytes);
      }
      return position;
    }
  }
  return position;
}

function readWindow(descriptor: number, buffer: Buffer, position: number): Buffer {
  let filled = 0;
  while (filled < buffer.length) {
    const readBytes = readSync(descriptor, buffer, filled, buffer.length - filled, position + filled);
    if (readBytes === 0) {
      break;
    }
    filled += readBytes;
  }
  return buffer.subarray(0, filled);
}

function wholeBatch(window: Buffer, start: number): { header: RecordBatchHeader } | undefined {
  if (window.length - start < recordBatchHeaderBytes) {
    return undefined;
  }
  const header = readRecordBatchHeader(window, start);
  const end = start + header.sizeBytes;
  if (!isPlausible(header) || end > window.length || !hasValidChecksum(window.subarray(start, end))) {
    return undefined;
  }
  return { header };
}

/**
 * A killed process leaves the beginning of one batch. A machine that lost power may also leave the last batch with
 * other bytes in it, or zeros.
 */
function isTornAppend(window: Buffer, remainingBytes: number): boolean {
  if (remainingBytes > recordBatchBytesMax) {
    return false;
  }
  if (remainingBytes < recordBatchHeaderBytes || window.every((byte) => byte === 0)) {
    return true;
  }
  const header = readRecordBatchHeader(window);
  return isPlausible(header) && header.sizeBytes >= remainingBytes;
}

function damagedLog(path: string, position: number, fileBytes: number): Failure {
  return new Failure(
    "failed_precondition",
    `The log ${path} is damaged at byte ${position} of ${fileBytes}: restore the file from a copy, or remove the data directory to start empty.`,
    { reason: "LOG_DAMAGED" },
  );
}
