import { type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { ConnectError } from "@connectrpc/connect";
import { Failure } from "@ordermesh/failure/failure";
import type { WatchSessionRequest } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import type { UpgradeListener } from "@ordermesh/rpc/upgrades";
import type { Logger } from "@ordermesh/telemetry/logger";
import { WebSocketServer } from "ws";
import { type Identify, identifyCaller } from "../edge/callers.ts";
import type { ClientAddressOf } from "../edge/client-address.ts";
import type { EdgeLimits } from "../edge/edge-limits.ts";
import { isFromForeignPage } from "../edge/foreign-origin.ts";
import { reportLimits } from "../edge/rate-limits.ts";
import { splitAddress } from "../edge/request-address.ts";
import { setSecurityHeaders } from "../edge/security-headers.ts";
import { type Answer, problemAnswer, sendAnswer } from "../rest/answer.ts";
import { HttpProblem } from "../rest/http-problem.ts";
import type { PassedOn } from "../upstreams.ts";
import { closeOf, closeSocket } from "./close-codes.ts";
import { type SendBounds, sendMessages } from "./send-messages.ts";
import type { OpenSessionStream } from "./session-stream.ts";
import type { SocketCaps } from "./socket-caps.ts";
import type { SocketMetrics } from "./socket-metrics.ts";
import type { SocketRoute } from "./socket-route.ts";
import { authorizationOf } from "./socket-token.ts";
import { watchClient } from "./watch-client.ts";

export interface UpgradeOptions {
  readonly routes: readonly SocketRoute[];
  readonly openStream: OpenSessionStream;
  readonly identify: Identify;
  readonly clientAddressOf: ClientAddressOf;
  readonly limits: EdgeLimits;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly caps: SocketCaps;
  readonly bounds: SendBounds;
  readonly pingEveryMs: number;
  readonly metrics: SocketMetrics;
  readonly logger: Logger;
}

/** Nothing that a client sends is read, so that it may send next to nothing. */
const frameBytesMax = 1_024;

/** How long a client may take to read a refusal. Longer than a service may take to answer. */
const handshakeTimeoutMs = 75_000;

/** A request for WebSocket, on a connection that Node has let go of. */
interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  readonly head: Buffer;
  /** To refuse it with. */
  readonly response: ServerResponse;
}

/**
 * The way of every request for WebSocket: the limits and the origin, as for other requests, then the call. The connection
 * is upgraded when the first message is there, so that a refusal has a proper status.
 */
export function createUpgradeListener(options: UpgradeOptions): UpgradeListener {
  const { routes, openStream, bounds, pingEveryMs, metrics, logger } = options;
  const protocols = new Set(routes.map(({ protocol }) => protocol));
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: frameBytesMax,
    handleProtocols: (offered) => [...offered].find((name) => protocols.has(name)) ?? false,
  });

  async function serve(route: SocketRoute, watch: WatchSessionRequest, upgrade: Upgrade): Promise<void> {
    const { request, socket, head, response } = upgrade;
    checkHandshake(request);
    const passedOn = await admitCaller(options, route, request, response);
    if (socket.destroyed) {
      return;
    }
    socket.once("close", options.caps.take(passedOn.clientAddress));
    const asGateway = route.isOpen && passedOn.authorization === null;
    const stream = await openStream({ watch, passedOn, asGateway, request });
    server.handleUpgrade(request, socket, head, (webSocket) => {
      metrics.opened();
      webSocket.once("close", (code) => metrics.closed(code));
      watchClient(webSocket, pingEveryMs);
      sendMessages({ ...stream, socket: webSocket, encode: route.createEncoder(), bounds })
        .catch((error: unknown) => closeSocket(webSocket, closeOf(error, stream.isStopping())))
        .finally(() => stream.messages.return?.());
    });
  }

  async function handle(upgrade: Upgrade): Promise<void> {
    const { request, socket, response } = upgrade;
    const { path, query } = splitAddress(request);
    let refusalOf = (error: unknown) => problemAnswer(error);
    try {
      const report = reportLimits(response);
      options.limits.takeForAddress(report, options.clientAddressOf(request), path);
      for (const route of routes) {
        const watch = route.requestOf(path, query);
        if (watch !== undefined) {
          refusalOf = route.refusalOf;
          await serve(route, watch, upgrade);
          return;
        }
      }
      throw new HttpProblem(404, "ROUTE_NOT_FOUND", "WebSockets are at /ws/session/{code}.");
    } catch (error) {
      if (!(error instanceof HttpProblem || error instanceof Failure || error instanceof ConnectError)) {
        logger.error({ err: error, path }, "a WebSocket could not be opened");
      }
      refuse(response, socket, refusalOf(error));
    }
  }

  return (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    socket.setTimeout(handshakeTimeoutMs, () => socket.destroy());
    void handle({ request, socket, head, response: responseOn(request) });
  };
}

/** @throws HttpProblem or Failure: a foreign page, or too many requests. */
async function admitCaller(
  { allowedOrigins, identify, limits, clientAddressOf }: UpgradeOptions,
  { protocol }: SocketRoute,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<PassedOn> {
  if (isFromForeignPage(request, allowedOrigins)) {
    throw new HttpProblem(403, "ORIGIN_NOT_ALLOWED", "Pages of this origin may not call this gateway.");
  }
  const authorization = authorizationOf(request, protocol);
  const caller = await identifyCaller(identify, authorization ?? undefined);
  limits.takeForCaller(reportLimits(response), caller);
  return { authorization, clientAddress: clientAddressOf(request) };
}

/** What the library would refuse as well, but only after the service was asked. @throws HttpProblem 400. */
function checkHandshake({ method, headers }: IncomingMessage): void {
  const key = headers["sec-websocket-key"] ?? "";
  if (method !== "GET" || headers["sec-websocket-version"] !== "13" || !/^[+/0-9A-Za-z]{22}==$/.test(key)) {
    throw new HttpProblem(400, "MALFORMED_HANDSHAKE", "This is no handshake of WebSocket, version 13.", {
      "sec-websocket-version": "13",
    });
  }
}

function responseOn(request: IncomingMessage): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  setSecurityHeaders(response);
  return response;
}

function refuse(response: ServerResponse, socket: Socket, answer: Answer): void {
  response.assignSocket(socket);
  response.once("finish", () => socket.destroySoon());
  sendAnswer(response, answer);
}
