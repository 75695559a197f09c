/** Collects the fields of one response in order. */
export interface ResponseWriter {
  boolean(value: boolean): void;
  int8(value: number): void;
  int16(value: number): void;
  int32(value: number): void;
  int64(value: bigint): void;
  string(value: string): void;
  nullableString(value: string | null): void;
  /** Large values are kept by reference until the response is sent: do not change them. */
  bytes(value: Buffer): void;
  array<Item>(items: readonly Item[], writeItem: (item: Item) => void): void;
  /** Everything written so far, to be sent in this order. */
  parts(): Buffer[];
}

const firstBufferBytes = 256;
const keptByReferenceBytes = 8192;

export function createResponseWriter(): ResponseWriter {
  const finished: Buffer[] = [];
  let buffer = Buffer.allocUnsafe(firstBufferBytes);
  let used = 0;

  /** Makes room for the next bytes and tells where they begin. */
  function reserve(lengthBytes: number): number {
    if (used + lengthBytes > buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(buffer.length * 2, used + lengthBytes));
      buffer.copy(larger, 0, 0, used);
      buffer = larger;
    }
    const start = used;
    used += lengthBytes;
    return start;
  }

  const writer: ResponseWriter = {
    boolean: (value) => writer.int8(value ? 1 : 0),
    int8(value) {
      const at = reserve(1);
      buffer.writeInt8(value, at);
    },
    int16(value) {
      const at = reserve(2);
      buffer.writeInt16BE(value, at);
    },
    int32(value) {
      const at = reserve(4);
      buffer.writeInt32BE(value, at);
    },
    int64(value) {
      const at = reserve(8);
      buffer.writeBigInt64BE(value, at);
    },
    string(value) {
      const lengthBytes = Buffer.byteLength(value);
      writer.int16(lengthBytes);
      const at = reserve(lengthBytes);
      buffer.write(value, at, "utf8");
    },
    nullableString(value) {
      if (value === null) {
        writer.int16(-1);
      } else {
        writer.string(value);
      }
    },
    bytes(value) {
      writer.int32(value.length);
      if (value.length < keptByReferenceBytes) {
        const at = reserve(value.length);
        value.copy(buffer, at);
        return;
      }
      finished.push(buffer.subarray(0, used), value);
      buffer = Buffer.allocUnsafe(firstBufferBytes);
      used = 0;
    },
    array(items, writeItem) {
      writer.int32(items.length);
      items.forEach(writeItem);
    },
    parts: () => [...finished, buffer.subarray(0, used)],
  };
  return writer;
}
