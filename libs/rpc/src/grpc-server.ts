import type { Duplex } from "node:stream";
import http2 from "node:http2";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { BoundService } from "./bound-service.ts";
import { bridgeService } from "./grpc-bridge.ts";
import type { BridgeOptions } from "./grpc-call.ts";

/** The HTTP/2 side of a server: gRPC, served by grpc-js. */
export interface GrpcServer {
  /** Takes over a connection on which HTTP/2 is spoken. */
  accept(socket: Duplex): void;
  /** Sends GOAWAY on every connection: calls in flight end, new ones go elsewhere. */
  drain(): void;
  /** Closes what is still open. */
  destroy(): void;
}

/** How often the requests are looked at that are still being sent. */
const sweepIntervalMs = 1_000;

export function createGrpcServer(services: readonly BoundService[], options: BridgeOptions): GrpcServer {
  const { limits } = options;
  const server = new Server({
    "grpc.max_receive_message_length": limits.maxMessageBytes,
    // The bridge refuses larger responses itself, with a text that says what to do.
    "grpc.max_send_message_length": -1,
    "grpc.max_concurrent_streams": limits.maxConcurrentStreams,
    "grpc.max_connection_idle_ms": limits.idleTimeoutMs,
    "grpc.keepalive_time_ms": limits.keepaliveIntervalMs,
    "grpc.keepalive_timeout_ms": limits.keepaliveTimeoutMs,
    // Channelz would count every call a second time; our own metrics are there.
    "grpc.enable_channelz": 0,
  });
  const wholeRequestPaths = new Set<string>();
  for (const bound of services) {
    const { definition, implementation } = bridgeService(bound, options);
    server.addService(definition, implementation);
    for (const { path, requestStream } of Object.values(definition)) {
      if (!requestStream) {
        wholeRequestPaths.add(path);
      }
    }
  }

  const inner = innerServer(server, limits.maxHeaderBytes);
  const requests = watchRequests(inner.http2Server, wholeRequestPaths, limits.requestTimeoutMs);
  // grpc-js itself forgets its connections when Channelz is off.
  const sessions = new Set<http2.ServerHttp2Session>();
  inner.http2Server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  return {
    accept: (socket) => inner.injector.injectConnection(socket),
    drain() {
      for (const session of sessions) {
        session.close();
      }
    },
    destroy() {
      requests.stop();
      for (const session of sessions) {
        session.destroy();
      }
      server.forceShutdown();
    },
  };
}

/**
 * grpc-js has no option for the header limit, and answers HTTP/2 that is not gRPC with an empty 415. Its private HTTP/2
 * server has both. The version is pinned, and tests fail if it changes.
 */
function innerServer(server: Server, maxHeaderBytes: number) {
  const { settings }: http2.ServerOptions = server["commonServerOptions"];
  server["commonServerOptions"].settings = { ...settings, maxHeaderListSize: maxHeaderBytes };
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const [http2Server]: Iterable<http2.Http2Server> = server["http2Servers"].keys();
  if (http2Server === undefined) {
    throw new Error("grpc-js no longer keeps its HTTP/2 server where it was");
  }
  return { injector, http2Server };
}

/** Refuses what is not gRPC, and ends requests that take too long to arrive or are of no use any more. */
function watchRequests(
  http2Server: http2.Http2Server,
  wholeRequestPaths: ReadonlySet<string>,
  requestTimeoutMs: number,
): { stop(): void } {
  // Since when; those that may stream for as long as they like have no beginning.
  const arriving = new Map<http2.ServerHttp2Stream, number>();
  const forget = (stream: http2.ServerHttp2Stream) => arriving.delete(stream);
  const handlers = http2Server.listeners("stream");
  http2Server.removeAllListeners("stream");
  http2Server.on("stream", (stream, headers, ...rest) => {
    if (!headers["content-type"]?.startsWith("application/grpc")) {
      refuse(stream);
      return;
    }
    const streams = !wholeRequestPaths.has(headers[":path"] ?? "");
    arriving.set(stream, streams ? Number.POSITIVE_INFINITY : Date.now());
    stream.once("close", () => forget(stream));
    for (const handler of handlers) {
      handler.call(http2Server, stream, headers, ...rest);
    }
  });

  const sweep = setInterval(() => {
    const latest = Date.now() - requestTimeoutMs;
    for (const [stream, since] of arriving) {
      if (stream.readableEnded || stream.destroyed) {
        forget(stream);
      } else if (stream.writableEnded) {
        // Answered before it was complete. Some clients then neither go on nor give up.
        forget(stream);
        stream.close(http2.constants.NGHTTP2_NO_ERROR);
      } else if (since <= latest) {
        forget(stream);
        endSlowRequest(stream, requestTimeoutMs);
      }
    }
  }, sweepIntervalMs);
  sweep.unref();
  return { stop: () => clearInterval(sweep) };
}

const notGrpc =
  "Over HTTP/2 this port speaks gRPC (content-type application/grpc). Use HTTP/1.1 for Connect, gRPC-Web, health and metrics.\n";

function refuse(stream: http2.ServerHttp2Stream): void {
  // Without a listener an error of the stream would end the process.
  stream.on("error", () => undefined);
  stream.respond({ ":status": 415, "content-type": "text/plain; charset=utf-8" });
  stream.end(notGrpc);
  stream.resume();
}

function endSlowRequest(stream: http2.ServerHttp2Stream, requestTimeoutMs: number): void {
  if (!stream.headersSent) {
    const trailers = {
      ":status": 200,
      "content-type": "application/grpc+proto",
      "grpc-status": "4",
      "grpc-message": `The request was not complete after ${requestTimeoutMs} ms.`,
    };
    stream.respond(trailers, { endStream: true });
  }
  stream.close(http2.constants.NGHTTP2_NO_ERROR);
}
