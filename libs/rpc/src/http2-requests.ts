import {
  constants,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { Code } from "@connectrpc/connect";
import type { RpcLimits } from "./limits.ts";

/** How often the requests are looked at that are still being sent. */
const sweepIntervalMs = 1_000;

const notGrpc =
  "Over HTTP/2 this port speaks gRPC (content-type application/grpc). Use HTTP/1.1 for Connect, gRPC-Web, health and metrics.\n";

/**
 * Stands before grpc-js: refuses what is not gRPC and headers that are too large, and ends requests that take too long
 * to arrive or are of no use any more.
 *
 * @param wholeRequestPaths the methods whose requests are one message, which has to arrive in time.
 */
export function guardRequests(
  http2Server: Http2Server,
  wholeRequestPaths: ReadonlySet<string>,
  limits: RpcLimits,
): { stop(): void } {
  // Since when; those that may stream for as long as they like have no beginning.
  const arriving = new Map<ServerHttp2Stream, number>();
  const forget = (stream: ServerHttp2Stream) => arriving.delete(stream);
  const handlers = http2Server.listeners("stream");
  http2Server.removeAllListeners("stream");
  http2Server.on(
    "stream",
    (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, rawHeaders: string[]) => {
      if (!headers["content-type"]?.startsWith("application/grpc")) {
        refuse(stream);
        return;
      }
      if (totalLength(rawHeaders) > limits.maxHeaderBytes) {
        // Node's own limit holds only from when the client has acknowledged it.
        endWithStatus(
          stream,
          Code.ResourceExhausted,
          `The metadata has more than ${limits.maxHeaderBytes} bytes.`,
        );
        return;
      }
      const streams = !wholeRequestPaths.has(headers[":path"] ?? "");
      arriving.set(stream, streams ? Number.POSITIVE_INFINITY : Date.now());
      stream.once("close", () => forget(stream));
      for (const handler of handlers) {
        handler.call(http2Server, stream, headers, flags, rawHeaders);
      }
    },
  );

  const sweep = setInterval(() => {
    const latest = Date.now() - limits.requestTimeoutMs;
    for (const [stream, since] of arriving) {
      if (stream.readableEnded || stream.destroyed) {
        forget(stream);
      } else if (stream.writableEnded) {
        // Answered before it was complete. Some clients then neither go on nor give up.
        forget(stream);
        stream.close(constants.NGHTTP2_NO_ERROR);
      } else if (since <= latest) {
        forget(stream);
        endWithStatus(
          stream,
          Code.DeadlineExceeded,
          `The request was not complete after ${limits.requestTimeoutMs} ms.`,
        );
      }
    }
  }, sweepIntervalMs);
  sweep.unref();
  return { stop: () => clearInterval(sweep) };
}

function totalLength(rawHeaders: readonly string[]): number {
  let length = 0;
  for (const text of rawHeaders) {
    length += text.length;
  }
  return length;
}

function refuse(stream: ServerHttp2Stream): void {
  // Without a listener an error of the stream would end the process.
  stream.on("error", () => undefined);
  stream.respond({ ":status": 415, "content-type": "text/plain; charset=utf-8" });
  stream.end(notGrpc);
  stream.resume();
}

function endWithStatus(stream: ServerHttp2Stream, code: Code, message: string): void {
  stream.on("error", () => undefined);
  if (!stream.headersSent) {
    const headers: OutgoingHttpHeaders = {
      ":status": 200,
      "content-type": "application/grpc+proto",
      "grpc-status": String(code),
      "grpc-message": encodeURI(message),
    };
    stream.respond(headers, { endStream: true });
  }
  stream.close(constants.NGHTTP2_NO_ERROR);
}
