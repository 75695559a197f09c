import { crc32c } from "../src/log/crc32c.ts";

export interface BatchOptions {
  readonly values: readonly string[];
  readonly producerId?: bigint;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly timestampMs?: number;
}

/** Encodes a record batch as a producer does, without compression. */
export function encodeBatch(options: BatchOptions): Buffer {
  const {
    values,
    producerId = -1n,
    producerEpoch = -1,
    baseSequence = -1,
    timestampMs = 1_700_000_000_000,
  } = options;
  const records = Buffer.concat(values.map((value, index) => encodeRecord(value, index)));
  const batch = Buffer.concat([Buffer.alloc(61), records]);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt32BE(-1, 12);
  batch.writeInt8(2, 16);
  batch.writeInt32BE(values.length - 1, 23);
  batch.writeBigInt64BE(BigInt(timestampMs), 27);
  batch.writeBigInt64BE(BigInt(timestampMs), 35);
  batch.writeBigInt64BE(producerId, 43);
  batch.writeInt16BE(producerEpoch, 51);
  batch.writeInt32BE(baseSequence, 53);
  batch.writeInt32BE(values.length, 57);
  return withChecksum(batch);
}

/** Writes the checksum that fits the bytes as they are. */
export function withChecksum(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  return batch;
}

function encodeRecord(value: string, offsetDelta: number): Buffer {
  const valueBytes = Buffer.from(value);
  const body = Buffer.concat([
    Buffer.from([0]),
    encodeVarint(0),
    encodeVarint(offsetDelta),
    encodeVarint(-1),
    encodeVarint(valueBytes.length),
    valueBytes,
    encodeVarint(0),
  ]);
  return Buffer.concat([encodeVarint(body.length), body]);
}

function encodeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Buffer.from([...bytes, rest]);
}
