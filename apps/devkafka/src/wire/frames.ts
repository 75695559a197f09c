import type { Readable } from "node:stream";
import { malformedRequest } from "./request-reader.ts";

/** A request has at least its API key, its version and its correlation id. */
const requestBytesMin = 8;

/**
 * Cuts a byte stream into requests: each is preceded by its length in four bytes. One request is read at a time, so
 * that a client cannot make the broker hold more than `requestBytesMax` bytes and what the socket buffers.
 *
 * @throws Failure when the length is impossible or above the limit. A stream that ends inside a request just ends.
 */
export async function* readFrames(stream: Readable, requestBytesMax: number): AsyncGenerator<Buffer> {
  let chunks: Buffer[] = [];
  let bufferedBytes = 0;

  /** Takes exactly this many bytes from the front of what has arrived. */
  function takeBytes(lengthBytes: number): Buffer {
    const all = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bufferedBytes);
    const rest = all.subarray(lengthBytes);
    chunks = rest.length === 0 ? [] : [rest];
    bufferedBytes = rest.length;
    return all.subarray(0, lengthBytes);
  }

  let frameBytes: number | undefined;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bufferedBytes += chunk.length;
    while (bufferedBytes >= (frameBytes ?? 4)) {
      if (frameBytes === undefined) {
        frameBytes = takeBytes(4).readInt32BE(0);
        if (frameBytes < requestBytesMin || frameBytes > requestBytesMax) {
          throw malformedRequest(
            `it announces ${frameBytes} bytes, which is not from 8 to ${requestBytesMax}`,
          );
        }
      } else {
        const frame = takeBytes(frameBytes);
        frameBytes = undefined;
        yield frame;
      }
    }
  }
}
