import type { IncomingMessage } from "node:http";
import { HttpProblem } from "../rest/http-problem.ts";

/**
 * The header `authorization` of a request for WebSocket. Browsers can not set it: from them the token comes as one of the
 * protocols that they offer, "bearer.<token>", beside the one that is spoken.
 *
 * @returns null if there is none.
 * @throws HttpProblem 400 for a token without the protocol: a browser gives up when none of those it offers is taken.
 */
export function authorizationOf({ headers }: Pick<IncomingMessage, "headers">, protocol: string) {
  const offered = (headers["sec-websocket-protocol"] ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (offered.length > 0 && !offered.includes(protocol)) {
    throw new HttpProblem(
      400,
      "UNKNOWN_SUBPROTOCOL",
      `This address speaks ${protocol}. Send: Sec-WebSocket-Protocol: ${protocol}, bearer.<token>`,
    );
  }
  if (headers.authorization !== undefined) {
    return headers.authorization;
  }
  const token = offered.find((name) => name.startsWith("bearer."))?.slice("bearer.".length);
  return token === undefined ? null : `Bearer ${token}`;
}
