import { type DescMethod, fromBinary, fromJsonString } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { hasSecrets } from "./secret-fields.ts";

/** Flag and length in front of each message of gRPC-Web. */
const frameHeaderBytes = 5;

/**
 * The body of a unary request over HTTP/1.1, failing with INVALID_ARGUMENT if it is not a message of the method. Connect
 * would call that an internal error of ours and leaves no way to change it, so that the message is parsed twice; on this
 * path that is a small share of the cost. Compressed and JSON bodies pass unread, unless the contract marks a field of
 * the request as secret (`debug_redact`): errors about JSON quote what they do not understand, so those are made here.
 */
export function checkedBody(
  method: DescMethod,
  header: Headers,
  body: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  const type = header.get("content-type") ?? "";
  const encoding = header.get("content-encoding") ?? "identity";
  if (type === "application/proto" && encoding === "identity") {
    return checkWhole(method, body, assertMessage);
  }
  if (type === "application/grpc-web" || type === "application/grpc-web+proto") {
    return checkFrame(method, body, assertMessage);
  }
  if (!type.includes("json") || !hasSecrets(method.input)) {
    return body;
  }
  if (encoding !== "identity") {
    return refuseCompressed(body);
  }
  return type.startsWith("application/grpc-web")
    ? checkFrame(method, body, assertJson)
    : checkWhole(method, body, assertJson);
}

type AssertReadable = (method: DescMethod, bytes: Uint8Array) => void;

/** Says nothing of what was sent, not even which field was not understood: its name may be the secret. */
function assertJson(method: DescMethod, bytes: Uint8Array): void {
  try {
    fromJsonString(method.input, new TextDecoder().decode(bytes), { ignoreUnknownFields: false });
  } catch {
    throw new ConnectError(
      `The request is not a ${method.input.typeName}: the JSON is malformed, or a field is unknown or of another type.`,
      Code.InvalidArgument,
    );
  }
}

// biome-ignore lint/correctness/useYield: whoever reads it gets the error instead of the body.
async function* refuseCompressed(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  for await (const _ of body) {
    break;
  }
  throw new ConnectError("Send this request uncompressed: it holds secrets.", Code.Unimplemented);
}

async function* checkWhole(
  method: DescMethod,
  body: AsyncIterable<Uint8Array>,
  assertReadable: AssertReadable,
): AsyncIterable<Uint8Array> {
  const chunks: Uint8Array[] = [];
  // The consumer stops reading at the size limit, which bounds what is kept here.
  for await (const chunk of body) {
    chunks.push(chunk);
    yield chunk;
  }
  assertReadable(method, Buffer.concat(chunks));
}

async function* checkFrame(
  method: DescMethod,
  body: AsyncIterable<Uint8Array>,
  assertReadable: AssertReadable,
): AsyncIterable<Uint8Array> {
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
        if (head[0] !== 0 && assertReadable === assertJson) {
          throw new ConnectError("Send this request uncompressed: it holds secrets.", Code.Unimplemented);
        }
        if (head[0] === 0) {
          assertReadable(method, Buffer.concat(chunks).subarray(frameHeaderBytes, end));
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
