import type { IncomingMessage } from "node:http";
import type { JsonValue } from "@bufbuild/protobuf";
import { HttpProblem } from "./http-problem.ts";
import { malformed } from "./request-message.ts";

/**
 * Reads a request's body. Node itself ends a request that takes too long to arrive.
 *
 * @param maxBytes what is larger is refused as soon as it is known.
 * @throws HttpProblem 413 if it is too large, 415 if it is compressed.
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") {
    throw new HttpProblem(415, "UNSUPPORTED_ENCODING", "Send the body uncompressed.");
  }
  const tooLarge = () =>
    new HttpProblem(413, "BODY_TOO_LARGE", `The body has more than ${maxBytes} bytes. Send less at a time.`);
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) {
    throw tooLarge();
  }
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      length += chunk.length;
      if (length > maxBytes) {
        throw tooLarge();
      }
      chunks.push(chunk);
    }
  } catch (error) {
    // The client has gone, or took too long: Node has told it so. There is nobody left to answer.
    throw request.destroyed
      ? new HttpProblem(400, "INCOMPLETE_BODY", "The body ended before it was complete.")
      : error;
  }
  return Buffer.concat(chunks, length);
}

/**
 * Parses a JSON body; undefined if it is empty.
 *
 * @throws HttpProblem 415 if it is not said to be JSON, Failure `invalid_argument` if it is not.
 */
export function parseJsonBody(contentType: string | undefined, body: Buffer): JsonValue | undefined {
  if (body.length === 0) {
    return undefined;
  }
  if (!/^application\/([a-z0-9.-]+\+)?json\s*(;|$)/i.test(contentType ?? "")) {
    throw new HttpProblem(
      415,
      "NOT_JSON",
      "Send the body as JSON, with the header content-type: application/json.",
    );
  }
  let text: string;
  let parsed: JsonValue;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    parsed = JSON.parse(text);
  } catch (error) {
    // The parser's own text repeats a part of the body, which may hold a secret.
    throw malformed("body", error instanceof SyntaxError ? "is not valid JSON" : "is not UTF-8");
  }
  refuseRoundedNumbers(text);
  return parsed;
}

/** JSON's parser rounds whole numbers from 2^53 on without a word, and an id or an amount would become another one. */
function refuseRoundedNumbers(text: string): void {
  if (!/\d{16}|\de/i.test(text)) {
    return;
  }
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g)) {
    if (!token.startsWith('"') && Math.abs(Number(token)) > Number.MAX_SAFE_INTEGER) {
      throw malformed("body", "a number in it is beyond 2^53, from where on JSON rounds; write it as a text");
    }
  }
}
