import { create, toJsonString } from "@bufbuild/protobuf";
import {
  type WatchSessionRequest,
  WatchSessionRequestSchema,
  WatchSessionResponseSchema,
} from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { problemAnswer } from "../rest/answer.ts";
import { HttpProblem } from "../rest/http-problem.ts";
import type { SocketRoute } from "./socket-route.ts";

const maxSessionId = 2n ** 63n - 1n;

/** `/ws/session/{code}`: the messages of WatchSession as they are, in protobuf's JSON. */
export const sessionRoute: SocketRoute = {
  protocol: "ordermesh.session.v1",
  isOpen: false,
  requestOf(path, query) {
    const name = /^\/ws\/session\/([^/]+)$/.exec(path)?.[1];
    return name === undefined ? undefined : requestOf(decoded(name), cursorOf(query));
  },
  createEncoder: () => (message) =>
    toJsonString(WatchSessionResponseSchema, message, { alwaysEmitImplicit: true }),
  refusalOf: (error) => problemAnswer(error),
};

/** A code has at least one letter, so that a number is the session's id. */
function requestOf(name: string, cursor: string): WatchSessionRequest {
  if (!/^\d+$/.test(name)) {
    return create(WatchSessionRequestSchema, { code: name, cursor });
  }
  const sessionId = BigInt(name);
  if (sessionId === 0n || sessionId > maxSessionId) {
    throw new HttpProblem(404, "SESSION_NOT_FOUND", "There is no such session.");
  }
  return create(WatchSessionRequestSchema, { sessionId, cursor });
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new HttpProblem(400, "MALFORMED_PATH", "The path is not properly percent-encoded.");
  }
}

/** Addresses are written down by whoever passes them on, so that no token is taken from one. */
function cursorOf(query: string): string {
  const parameters = new URLSearchParams(query);
  const other = [...parameters.keys()].find((name) => name !== "cursor");
  if (other !== undefined) {
    throw new HttpProblem(
      400,
      "UNKNOWN_PARAMETER",
      "The only parameter here is cursor. A token goes into the header authorization, or into Sec-WebSocket-Protocol.",
    );
  }
  return parameters.get("cursor") ?? "";
}
