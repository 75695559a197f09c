import type { IncomingMessage } from "node:http";
import { isFromForeignPage } from "../../edge/foreign-origin.ts";
import type { Acting, OrderedOnlineParts } from "./parts.ts";
import { incorrectCredentials } from "./reasons.ts";

/**
 * By whom a request is made to a route that asked for no token there: by whose token it has, else by the gateway, if that
 * is open. A page of a foreign origin gets nothing done without a token, because a browser does not ask before it posts.
 *
 * @throws Refusal `incorrect_credentials`.
 */
export function actingFor(parts: OrderedOnlineParts, request: IncomingMessage): Acting {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const { locations, tables } = parts;
    return { locations, tables, authorization };
  }
  if (!parts.isOpen || isFromForeignPage(request, parts.allowedOrigins)) {
    throw incorrectCredentials();
  }
  return parts.asGateway;
}
