import { once } from "node:events";
import { connect } from "node:net";
import { createRequestReader, type RequestReader } from "../src/wire/request-reader.ts";
import { createResponseWriter, type ResponseWriter } from "../src/wire/response-writer.ts";

const timeoutMs = 10_000;

/** A connection that sends any bytes, so that a test can say what no client says. */
export interface RawClient {
  send(bytes: Buffer): void;
  /** The next response after its header, or undefined when the broker closed the connection instead. */
  receive(): Promise<{ correlationId: number; body: RequestReader } | undefined>;
  /** Sends a well-formed header with any body, and receives. */
  request(
    key: number,
    version: number,
    writeBody: (body: ResponseWriter) => void,
  ): Promise<RequestReader | undefined>;
  /** Whether anything came that was not received yet. */
  hasAnswer(): boolean;
  close(): void;
}

export async function connectRaw(address: { host: string; port: number }): Promise<RawClient> {
  const socket = connect(address);
  const arrived: Buffer[] = [];
  let hasEnded = false;
  let wake = () => {};
  socket.on("data", (chunk) => {
    arrived.push(chunk);
    wake();
  });
  socket.on("error", () => {});
  socket.once("close", () => {
    hasEnded = true;
    wake();
  });
  await Promise.race([once(socket, "connect"), once(socket, "close")]);

  async function readBytes(count: number): Promise<Buffer | undefined> {
    const deadline = AbortSignal.timeout(timeoutMs);
    for (;;) {
      const all = Buffer.concat(arrived);
      if (all.length >= count) {
        arrived.splice(0, arrived.length, all.subarray(count));
        return all.subarray(0, count);
      }
      if (hasEnded) {
        return undefined;
      }
      await new Promise<void>((resolve, reject) => {
        wake = resolve;
        deadline.addEventListener("abort", () => reject(new Error(`no answer within ${timeoutMs} ms`)));
      });
    }
  }

  let correlationId = 0;
  const client: RawClient = {
    send: (bytes) => socket.write(bytes),
    async receive() {
      const header = await readBytes(8);
      const body = header && (await readBytes(header.readInt32BE(0) - 4));
      return header && body && { correlationId: header.readInt32BE(4), body: createRequestReader(body) };
    },
    async request(key, version, writeBody) {
      correlationId += 1;
      client.send(encodeRequest({ key, version, correlationId, writeBody }));
      return (await client.receive())?.body;
    },
    hasAnswer: () => arrived.some((chunk) => chunk.length > 0),
    close: () => socket.destroy(),
  };
  return client;
}

export function encodeRequest(options: {
  readonly key: number;
  readonly version: number;
  readonly correlationId: number;
  readonly writeBody: (body: ResponseWriter) => void;
}): Buffer {
  const writer = createResponseWriter();
  writer.int16(options.key);
  writer.int16(options.version);
  writer.int32(options.correlationId);
  writer.nullableString("raw");
  options.writeBody(writer);
  return withLength(Buffer.concat(writer.parts()));
}

export function withLength(request: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(request.length);
  return Buffer.concat([length, request]);
}

/** Sends one batch and returns what the broker says of it. */
export async function produceRaw(client: RawClient, topic: string, records: Buffer, acks = -1) {
  const body = await client.request(0, 7, (request) => {
    request.nullableString(null);
    request.int16(acks);
    request.int32(5_000);
    request.array([topic], (name) => {
      request.string(name);
      request.array([0], (index) => {
        request.int32(index);
        request.bytes(records);
      });
    });
  });
  if (body === undefined) {
    return undefined;
  }
  const [result] = body.array(() => {
    body.string();
    const [partition] = body.array(() => {
      body.int32();
      const error = body.int16();
      const baseOffset = body.int64();
      body.int64();
      body.int64();
      return { error, baseOffset };
    });
    return partition;
  });
  return result;
}
