import type { ServerResponse } from "node:http";
import { STATUS_CODES } from "node:http";
import { Code, ConnectError } from "@connectrpc/connect";
import { Failure } from "@ordermesh/failure/failure";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  PreconditionFailureSchema,
  RetryInfoSchema,
} from "@ordermesh/proto/google/rpc/error_details_pb";
import { codeName } from "@ordermesh/rpc/code-name";
import { connectErrorOf } from "@ordermesh/rpc/failure-mapping";
import { HttpProblem } from "./http-problem.ts";

/** A whole answer over HTTP. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the call ended with; undefined if it is not a call's answer. */
  readonly code?: Code | "ok";
}

const statuses: Readonly<Record<Code, number>> = {
  [Code.Canceled]: 499,
  [Code.Unknown]: 500,
  [Code.InvalidArgument]: 400,
  [Code.DeadlineExceeded]: 504,
  [Code.NotFound]: 404,
  [Code.AlreadyExists]: 409,
  [Code.PermissionDenied]: 403,
  [Code.ResourceExhausted]: 429,
  // Not 400: the request is fine, and may succeed when things are otherwise.
  [Code.FailedPrecondition]: 409,
  [Code.Aborted]: 409,
  [Code.OutOfRange]: 400,
  [Code.Unimplemented]: 501,
  [Code.Internal]: 500,
  [Code.Unavailable]: 503,
  [Code.DataLoss]: 500,
  [Code.Unauthenticated]: 401,
};

/** gRPC codes for what only HTTP knows, so that every problem has one. */
const codesOfStatuses: Readonly<Record<number, Code>> = {
  400: Code.InvalidArgument,
  404: Code.NotFound,
  405: Code.Unimplemented,
  409: Code.Aborted,
  413: Code.ResourceExhausted,
  415: Code.InvalidArgument,
  422: Code.InvalidArgument,
  426: Code.InvalidArgument,
  429: Code.ResourceExhausted,
};

export function jsonAnswer(status: number, body: string, code?: Code | "ok"): Answer {
  return { status, contentType: "application/json", body, code };
}

export function textAnswer(status: number, body: string): Answer {
  return { status, contentType: "text/plain; charset=utf-8", body };
}

/** The problem document of an error (RFC 9457). What is no error of ours becomes an internal one, without its text. */
export function problemAnswer(error: unknown, traceId = ""): Answer {
  if (error instanceof HttpProblem) {
    const code = codesOfStatuses[error.status] ?? Code.Unknown;
    const problem = { detail: error.message, code: codeName(code), reason: error.reason };
    return { ...answerOf(error.status, problem, traceId), headers: error.headers, code };
  }
  if (error instanceof Failure) {
    return connectProblem(connectErrorOf(error), traceId);
  }
  if (error instanceof ConnectError) {
    return connectProblem(error, traceId);
  }
  return connectProblem(new ConnectError("internal error", Code.Internal), traceId);
}

function connectProblem(error: ConnectError, traceId: string): Answer {
  const status = statuses[error.code];
  const [info] = error.findDetails(ErrorInfoSchema);
  const violations = error.findDetails(BadRequestSchema).flatMap((found) => found.fieldViolations);
  const preconditions = error.findDetails(PreconditionFailureSchema).flatMap((found) => found.violations);
  const retryAfterSeconds = retrySeconds(error);
  const problem = {
    detail: error.rawMessage,
    code: codeName(error.code),
    reason: info?.reason || codeName(error.code),
    ...(info !== undefined && Object.keys(info.metadata).length > 0 && { metadata: info.metadata }),
    ...(violations.length > 0 && {
      violations: violations.map(({ field, description }) => ({ field, description })),
    }),
    ...(preconditions.length > 0 && {
      preconditions: preconditions.map(({ type, subject, description }) => ({ type, subject, description })),
    }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
  const headers = {
    ...(retryAfterSeconds !== undefined && { "retry-after": `${retryAfterSeconds}` }),
    ...(status === 401 && { "www-authenticate": 'Bearer realm="ordermesh"' }),
  };
  return { ...answerOf(status, problem, traceId), headers, code: error.code };
}

/** Whole seconds, as the header wants it; a service that is away is worth another try after one. */
function retrySeconds(error: ConnectError): number | undefined {
  const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  if (delay === undefined) {
    return error.code === Code.Unavailable ? 1 : undefined;
  }
  return Math.max(1, Math.ceil(Number(delay.seconds) + delay.nanos / 1e9));
}

function answerOf(status: number, problem: object, traceId: string): Answer {
  const title = status === 499 ? "Client Closed Request" : (STATUS_CODES[status] ?? "Error");
  const document = {
    type: "about:blank",
    title,
    status,
    ...problem,
    ...(traceId !== "" && { traceId }),
  };
  return { status, contentType: "application/problem+json", body: JSON.stringify(document) };
}

/** Sends an answer, unless something was sent already or the client has gone. */
export function sendAnswer(response: ServerResponse, { status, contentType, body, headers }: Answer): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  response.writeHead(status, {
    "content-type": contentType,
    "content-length": Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}
