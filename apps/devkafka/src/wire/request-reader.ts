import { Failure } from "@ordermesh/failure/failure";

/** Reads the fields of one request in order. Every method throws `Failure` when the bytes do not hold the field. */
export interface RequestReader {
  boolean(): boolean;
  int8(): number;
  int16(): number;
  int32(): number;
  int64(): bigint;
  string(): string;
  nullableString(): string | null;
  /** A view into the request, not a copy. */
  bytes(): Buffer;
  /** A view into the request, not a copy. */
  nullableBytes(): Buffer | null;
  array<Item>(readItem: () => Item): Item[];
  nullableArray<Item>(readItem: () => Item): Item[] | null;
}

export function createRequestReader(request: Buffer): RequestReader {
  let position = 0;

  /** Moves past the next bytes and tells where they begin. */
  function take(lengthBytes: number): number {
    const start = position;
    if (lengthBytes > request.length - start) {
      throw malformedRequest(`it ends ${lengthBytes - (request.length - start)} bytes too early`);
    }
    position += lengthBytes;
    return start;
  }

  function readBytes(lengthBytes: number): Buffer | null {
    if (lengthBytes < -1) {
      throw malformedRequest(`it has a field of length ${lengthBytes}`);
    }
    if (lengthBytes === -1) {
      return null;
    }
    const start = take(lengthBytes);
    return request.subarray(start, start + lengthBytes);
  }

  const reader: RequestReader = {
    boolean: () => reader.int8() !== 0,
    int8: () => request.readInt8(take(1)),
    int16: () => request.readInt16BE(take(2)),
    int32: () => request.readInt32BE(take(4)),
    int64: () => request.readBigInt64BE(take(8)),
    string: () => present(reader.nullableString()),
    nullableString: () => readBytes(reader.int16())?.toString("utf8") ?? null,
    bytes: () => present(reader.nullableBytes()),
    nullableBytes: () => readBytes(reader.int32()),
    array: (readItem) => present(reader.nullableArray(readItem)),
    nullableArray(readItem) {
      const count = reader.int32();
      if (count === -1) {
        return null;
      }
      // An item takes at least one byte: a count that cannot be right is refused before anything is made for it.
      if (count < 0 || count > request.length - position) {
        throw malformedRequest(`it announces ${count} items and has ${request.length - position} bytes left`);
      }
      return Array.from({ length: count }, readItem);
    },
  };
  return reader;
}

function present<Value>(value: Value | null): Value {
  if (value === null) {
    throw malformedRequest("a field that is required is null");
  }
  return value;
}

/** The request cannot be understood. Its connection is closed, as Apache Kafka does. */
export function malformedRequest(why: string): Failure {
  return new Failure("invalid_argument", `The request is malformed: ${why}.`, {
    reason: "MALFORMED_REQUEST",
  });
}
