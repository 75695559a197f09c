import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";
import { Failure } from "@ordermesh/failure/failure";
import { discardBody } from "@ordermesh/rpc/http-handler";
import type { Logger } from "@ordermesh/telemetry/logger";
import { type Answer, problemAnswer, sendAnswer } from "../rest/answer.ts";
import { HttpProblem } from "../rest/http-problem.ts";
import { type Caller, type Identify, identifyCaller } from "./callers.ts";
import { type ClientAddressOf, isInside } from "./client-address.ts";
import { applyCors } from "./cors.ts";
import type { EdgeLimits } from "./edge-limits.ts";
import { reportLimits } from "./rate-limits.ts";
import { refuseRpc } from "./refuse-rpc.ts";
import { splitAddress } from "./request-address.ts";
import { type AnswerRoute, wrongMethod } from "./route-answers.ts";
import { setSecurityHeaders } from "./security-headers.ts";

export interface EdgeOptions {
  /** Serves RPCs, health and metrics. */
  readonly next: RequestListener;
  /** By path: "/package.Service/Method". */
  readonly rpcs: ReadonlyMap<string, DescMethod>;
  readonly answerRoute: AnswerRoute;
  readonly identify: Identify;
  readonly clientAddressOf: ClientAddressOf;
  readonly limits: EdgeLimits;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly logger: Logger;
}

/** A request as it has arrived. */
interface Arrival {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly query: string;
  readonly clientAddress: string;
  /** The method, if the path is that of an RPC. */
  readonly rpc: DescMethod | undefined;
}

/** The way of every request: headers, origin, limits, and then to an RPC, a route, or a problem document. */
export function createEdgeListener(options: EdgeOptions): RequestListener {
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    setSecurityHeaders(response);
    const { path, query } = splitAddress(request);
    const clientAddress = options.clientAddressOf(request);
    if (isForOperators(path, clientAddress)) {
      options.next(request, response);
      return;
    }
    const arrival = { request, response, path, query, clientAddress, rpc: options.rpcs.get(path) };
    const caller = await admit(options, arrival);
    if (caller === undefined) {
      return;
    }
    if (arrival.rpc !== undefined) {
      serveRpc(arrival.rpc, options.next, request, response);
      return;
    }
    const answer = await options.answerRoute({ ...arrival, caller });
    if (answer !== undefined) {
      answerHere(request, response, answer);
    }
  }

  return (request, response) => {
    handle(request, response).catch((error: unknown) => {
      options.logger.error({ err: error }, "the request could not be answered");
      sendAnswer(response, problemAnswer(error));
    });
  };
}

/** Undefined if the request has been answered: it was a preflight, or there were too many. */
async function admit(options: EdgeOptions, arrival: Arrival): Promise<Caller | undefined> {
  const { request, response, path, clientAddress, rpc } = arrival;
  const cors = applyCors(request, response, options.allowedOrigins);
  if (cors === "done") {
    return undefined;
  }
  try {
    const report = reportLimits(response);
    options.limits.takeForAddress(report, clientAddress, path);
    if (cors === "refused") {
      throw new HttpProblem(403, "ORIGIN_NOT_ALLOWED", "Pages of this origin may not call this gateway.");
    }
    const caller = await identifyCaller(options.identify, request.headers.authorization);
    options.limits.takeForCaller(report, caller);
    return caller;
  } catch (error) {
    if (rpc !== undefined && error instanceof Failure) {
      response.once("finish", () => discardBody(request));
      refuseRpc(request, response, error);
    } else {
      answerHere(request, response, problemAnswer(error));
    }
    return undefined;
  }
}

function serveRpc(
  rpc: DescMethod,
  next: RequestListener,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const allowed = rpc.idempotency === Idempotency.NO_SIDE_EFFECTS ? ["GET", "POST"] : ["POST"];
  if (allowed.includes(request.method ?? "")) {
    if (rpc.methodKind === "server_streaming") {
      // A proxy before us that collects an answer before it passes it on would hold a stream for ever.
      response.setHeader("x-accel-buffering", "no");
    }
    next(request as Parameters<RequestListener>[0], response as Parameters<RequestListener>[1]);
  } else {
    answerHere(request, response, problemAnswer(wrongMethod(request.method, [...allowed, "OPTIONS"])));
  }
}

/** What is left of a body that nobody wants would hold up the next request on the connection. */
function answerHere(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  response.once("finish", () => discardBody(request));
  sendAnswer(response, answer);
}

/** Health for anybody; figures about the inside only for those who are there. */
function isForOperators(path: string, clientAddress: string): boolean {
  return path === "/livez" || path === "/readyz" || (path === "/metrics" && isInside(clientAddress));
}
