import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import {
  Code,
  ConnectError,
  createConnectRouter,
  createContextValues,
  type Interceptor,
} from "@connectrpc/connect";
import type { UniversalHandler, UniversalServerRequest } from "@connectrpc/connect/protocol";
import {
  compressionBrotli,
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import type { Logger } from "@ordermesh/telemetry/logger";
import type { Registry } from "prom-client";
import type { BoundService } from "./bound-service.ts";
import { maxTimerMs, type RpcLimits } from "./limits.ts";
import { socketKey } from "./peer.ts";
import { checkedBody } from "./request-body.ts";

/** How long a client may go on sending what nobody wants any more. */
const lingerMs = 1_000;

/** Whether the service may be sent traffic, and why not. */
export interface ServingState {
  readonly serving: boolean;
  readonly reasons: readonly string[];
}

/** Answers one request of a path that is no RPC. */
export type Page = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** Serves Connect and gRPC-Web, and the plain endpoints that operators' tools ask for. */
export function createHttpHandler(options: {
  readonly services: readonly BoundService[];
  readonly interceptors: Interceptor[];
  readonly limits: RpcLimits;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly state: () => ServingState;
  readonly pages: Readonly<Record<string, Page>>;
}): RequestListener {
  const { logger, metrics, state } = options;
  const pages = new Map(Object.entries(options.pages));
  const handlers = rpcHandlers(options);
  return (request, response) => {
    const path = (request.url ?? "").split("?", 1)[0] ?? "";
    const handler = handlers.get(path);
    if (handler !== undefined) {
      answerRpc(handler, request, response).catch((error: unknown) => {
        logger.debug({ err: error, path }, "the response could not be delivered");
      });
      return;
    }
    const page = pages.get(path);
    const answered =
      page === undefined
        ? answerPlain(path, request, response, metrics, state)
        : answerPage(page, request, response);
    answered.catch((error: unknown) => {
      logger.error({ err: error, path }, "the request could not be answered");
      answerText(response, 500, "internal error");
    });
  };
}

function rpcHandlers(options: {
  readonly services: readonly BoundService[];
  readonly interceptors: Interceptor[];
  readonly limits: RpcLimits;
}): Map<string, UniversalHandler> {
  const { limits } = options;
  const router = createConnectRouter({
    // gRPC itself cannot be spoken over HTTP/1.1.
    grpc: false,
    interceptors: options.interceptors,
    readMaxBytes: limits.maxMessageBytes,
    writeMaxBytes: limits.maxMessageBytes,
    maxTimeoutMs: maxTimerMs,
    acceptCompression: [compressionGzip, compressionBrotli],
    // A misspelt field would else be dropped without a word.
    jsonOptions: { ignoreUnknownFields: false },
  });
  for (const { route } of options.services) {
    route(router);
  }
  return new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
}

async function answerRpc(
  handler: UniversalHandler,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const values = createContextValues().set(socketKey, request.socket);
  let universalRequest: UniversalServerRequest;
  try {
    universalRequest = universalRequestFromNodeRequest(request, response, undefined, values);
    // Connect's own iterator destroys a request that it stops reading, and with it the response on its way.
    const body: AsyncIterable<Uint8Array> = request.iterator({ destroyOnReturn: false });
    const { method } = handler;
    const checked = method.methodKind === "unary" ? checkedBody(method, universalRequest.header, body) : body;
    universalRequest = { ...universalRequest, body: checked };
  } catch {
    answerText(response, 400, "The Host header is missing or malformed.");
    return;
  }
  response.once("finish", () => discardBody(request));
  try {
    await universalResponseToNodeResponse(await handler(universalRequest), response);
  } catch (error) {
    // The client has gone: its call is over, and the interceptor has recorded that.
    if (ConnectError.from(error).code !== Code.Aborted) {
      throw error;
    }
  }
}

/**
 * Reads what is left of a body that was refused: it would hold up the next request on this connection. A client that
 * has not sent all of it soon after the answer loses the connection; some stop sending and leave it at that.
 */
export function discardBody(request: IncomingMessage): void {
  request.removeAllListeners("readable");
  request.resume();
  if (request.complete) {
    return;
  }
  const { socket } = request;
  const closeUnlessComplete = () => {
    if (!request.complete) {
      socket.destroy();
    }
  };
  // After a turn of the event loop that was too long, what has arrived meanwhile is read before it is missed.
  const timer = setTimeout(() => setImmediate(closeUnlessComplete), lingerMs);
  // Of the request and not of its socket, which would collect a listener for each request that it carries.
  request.once("close", () => clearTimeout(timer));
}

async function answerPage(page: Page, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // What the page does not read of the body would hold up the next request on this connection.
  response.once("finish", () => discardBody(request));
  await page(request, response);
}

async function answerPlain(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  metrics: Registry,
  state: () => ServingState,
): Promise<void> {
  discardBody(request);
  if (path !== "/livez" && path !== "/readyz" && path !== "/metrics") {
    answerText(response, 404, "There is no such method or page here. RPCs are POST /package.Service/Method.");
  } else if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    answerText(response, 405, `Use GET for ${path}.`);
  } else if (path === "/livez") {
    answerText(response, 200, "alive");
  } else if (path === "/readyz") {
    const { serving, reasons } = state();
    answerText(response, serving ? 200 : 503, serving ? "ready" : `not ready: ${reasons.join("; ")}`);
  } else {
    const text = await metrics.metrics();
    response.writeHead(200, { "content-type": metrics.contentType }).end(text);
  }
}

function answerText(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}
