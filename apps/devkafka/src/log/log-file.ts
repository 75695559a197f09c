import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import type { DevkafkaLogger } from "../logger.ts";
import { recoverLog } from "./log-recovery.ts";
import type { RecordBatchHeader } from "./record-batch.ts";

/** The file of one partition: whole record batches, one after the other. */
export interface LogFile {
  sizeBytes(): number;
  /** Writes all of the batch and returns its position, or leaves the file as it was and throws. */
  append(batch: Buffer): number;
  /** Reads fewer bytes than asked for only at the end of the file. */
  read(position: number, lengthBytes: number): Buffer;
  close(): void;
}

/**
 * Opens the file and cuts off an append that a crash interrupted. It is created by the first append, so that an empty
 * partition costs no file descriptor. Reads and writes are synchronous: one process, one disk, and the order of
 * appends is the order of calls.
 *
 * @param onBatch receives every batch that is already there.
 * @throws Failure when the file is damaged in another way.
 */
export function openLogFile(options: {
  readonly path: string;
  readonly fsync: boolean;
  readonly logger: DevkafkaLogger;
  readonly onBatch: (header: RecordBatchHeader, position: number) => void;
}): LogFile {
  const { path, fsync, logger, onBatch } = options;
  let descriptor = existsSync(path) ? openSync(path, "r+") : undefined;
  let sizeBytes = 0;
  let isClosed = false;

  if (descriptor !== undefined) {
    const fileBytes = fstatSync(descriptor).size;
    sizeBytes = recoverLog({ descriptor, path, fileBytes, onBatch });
    if (sizeBytes < fileBytes) {
      ftruncateSync(descriptor, sizeBytes);
      logger.warn(
        { file: path, removed_bytes: fileBytes - sizeBytes },
        "removed an append that a crash cut off",
      );
    }
  }

  return {
    sizeBytes: () => sizeBytes,
    append(batch) {
      if (isClosed) {
        throw new Error(`The log ${path} is closed.`);
      }
      descriptor ??= openSync(path, "wx+");
      try {
        for (let written = 0; written < batch.length; ) {
          written += writeSync(descriptor, batch, written, batch.length - written, sizeBytes + written);
        }
        if (fsync) {
          fdatasyncSync(descriptor);
        }
      } catch (error) {
        ftruncateSync(descriptor, sizeBytes);
        throw error;
      }
      const position = sizeBytes;
      sizeBytes += batch.length;
      return position;
    },
    read(position, lengthBytes) {
      const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(lengthBytes, sizeBytes - position)));
      const readBytes =
        descriptor === undefined ? 0 : readSync(descriptor, buffer, 0, buffer.length, position);
      return buffer.subarray(0, readBytes);
    },
    close() {
      isClosed = true;
      if (descriptor !== undefined) {
        closeSync(descriptor);
        descriptor = undefined;
      }
    },
  };
}
