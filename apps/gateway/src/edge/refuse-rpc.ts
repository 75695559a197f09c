import type { IncomingMessage, ServerResponse } from "node:http";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { endStreamToJson, errorToJson } from "@connectrpc/connect/protocol-connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import type { Failure } from "@ordermesh/failure/failure";
import { connectErrorOf } from "@ordermesh/rpc/failure-mapping";
import { problemAnswer } from "../rest/answer.ts";

/** Refuses an RPC before it is one, in the form in which its protocol has errors. */
export function refuseRpc(request: IncomingMessage, response: ServerResponse, failure: Failure): void {
  const error = connectErrorOf(failure);
  const type = request.headers["content-type"] ?? "";
  const { status, headers } = problemAnswer(failure);
  if (type.startsWith("application/grpc-web")) {
    const trailer = new Headers({ "content-type": type });
    setTrailerStatus(trailer, error);
    response.writeHead(200, { ...Object.fromEntries(trailer), ...headers }).end();
  } else if (type.startsWith("application/connect+")) {
    const end = JSON.stringify(endStreamToJson(new Headers(), error, undefined));
    const envelope = encodeEnvelope(0b10, new TextEncoder().encode(end));
    response.writeHead(200, { "content-type": type, ...headers }).end(envelope);
  } else {
    const body = JSON.stringify(errorToJson(error, undefined));
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
  }
}
