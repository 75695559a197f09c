import type { Http2Server, ServerHttp2Session, ServerOptions } from "node:http2";
import type { Duplex } from "node:stream";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { BoundService } from "./bound-service.ts";
import { bridgeService } from "./grpc-bridge.ts";
import type { BridgeOptions } from "./grpc-call.ts";
import { silenceGrpcLog } from "./grpc-logging.ts";
import { guardRequests } from "./http2-requests.ts";

/** The HTTP/2 side of a server: gRPC, served by grpc-js. */
export interface GrpcServer {
  /** Takes over a connection on which HTTP/2 is spoken. */
  accept(socket: Duplex): void;
  /** Sends GOAWAY on every connection: calls in flight end, new ones go elsewhere. */
  drain(): void;
  /** Closes what is still open. */
  destroy(): void;
}

export function createGrpcServer(services: readonly BoundService[], options: BridgeOptions): GrpcServer {
  const { limits } = options;
  silenceGrpcLog();
  const server = new Server({
    "grpc.max_receive_message_length": limits.maxMessageBytes,
    // The bridge refuses larger responses itself, with a text that says what to do.
    "grpc.max_send_message_length": -1,
    "grpc.max_concurrent_streams": limits.maxConcurrentStreams,
    "grpc.max_connection_idle_ms": limits.idleTimeoutMs,
    "grpc.max_connection_age_ms": limits.maxConnectionAgeMs,
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
  const requests = guardRequests(inner.http2Server, wholeRequestPaths, limits);
  // grpc-js itself forgets its connections when Channelz is off.
  const sessions = new Set<ServerHttp2Session>();
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
  // Private to the type, plain properties of the object.
  const inner = server as unknown as {
    readonly commonServerOptions: ServerOptions;
    readonly http2Servers: ReadonlyMap<Http2Server, unknown>;
  };
  inner.commonServerOptions.settings = {
    ...inner.commonServerOptions.settings,
    maxHeaderListSize: maxHeaderBytes,
  };
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const [http2Server] = inner.http2Servers.keys();
  if (http2Server === undefined) {
    throw new Error("grpc-js no longer keeps its HTTP/2 server where it was");
  }
  return { injector, http2Server };
}
