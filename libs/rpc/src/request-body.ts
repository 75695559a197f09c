import { type DescMethod, fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";

/** Flag and length in front of each message of gRPC-Web. */
const frameHeaderBytes = 5;

/**
 * The body of a unary request over HTTP/1.1, failing with INVALID_ARGUMENT if it is not a message of the method. Connect
 * would call that an internal error of ours and leaves no way to change it, so that the message is parsed twice; on this
 * path that is a small share of the cost. Compressed and JSON bodies pass unread.
 */
export function checkedBody(
  method: DescMethod,
  header: Headers,
  body: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  const type = header.get("content-type") ?? "";
  const encoding = header.get("content-encoding") ?? "identity";
  if (type === "application/proto" && encoding === "identity") {
    return checkWhole(method, body);
  }
  if (type === "application/grpc-web" || type === "application/grpc-web+proto") {
    return checkFrame(method, body);
  }
  return body;
}

async function* checkWhole(method: DescMethod, body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const chunks: Uint8Array[] = [];
  // The consumer stops reading at the size limit, which bounds what is kept here.
  for await (const chunk of body) {
    chunks.push(chunk);
    yield chunk;
  }
  assertMessage(method, Buffer.concat(chunks));
}

async function* checkFrame(method: DescMethod, body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let received = 0;
  let checked = false;
  for await (const chunk of body) {
    chunks.push(chunk);
    received += chunk.byteLength;
    if (!checked && received >= frameHeaderBytes) {
      const head = Buffer.concat(chunks, Math.min(received, frameHeaderBytes));
      const end = frameHeaderBytes + head.readUInt32BE(1);
      if (received >= end) {
        checked = true;
        if (head[0] === 0) {
          assertMessage(method, Buffer.concat(chunks).subarray(frameHeaderBytes, end));
        }
      }
    }
    yield chunk;
  }
}

function assertMessage(method: DescMethod, bytes: Uint8Array): void {
  try {
    fromBinary(method.input, bytes);
  } catch (error) {
    throw unreadableRequest(method, error);
  }
}

/** The error for bytes that are no message of the method. */
export function unreadableRequest(method: DescMethod, error: unknown): ConnectError {
  const problem = error instanceof Error ? error.message : String(error);
  return new ConnectError(`The request is not a ${method.input.typeName}: ${problem}`, Code.InvalidArgument);
}
