import type { IncomingMessage, ServerResponse } from "node:http";
import { cors as connectCors } from "@connectrpc/connect";

const allowedMethods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].join(", ");

const allowedHeaders = [
  ...connectCors.allowedHeaders,
  "Authorization",
  "Idempotency-Key",
  "Last-Event-ID",
  "Traceparent",
].join(", ");

const exposedHeaders = [
  ...connectCors.exposedHeaders,
  "Idempotent-Replayed",
  "RateLimit",
  "RateLimit-Policy",
  "Retry-After",
].join(", ");

/** How long a browser may remember what a preflight said, in seconds. */
const maxAgeSeconds = 7_200;

/**
 * Lets the pages of some origins read our answers. Tokens travel in a header that no browser sends by itself, so there
 * are no credentials to allow.
 *
 * @param allowed exact origins: "https://shop.example.com".
 * @returns "done" if the request was a preflight and has been answered, "refused" for one of a foreign origin.
 */
export function applyCors(
  request: IncomingMessage,
  response: ServerResponse,
  allowed: ReadonlySet<string>,
): "done" | "refused" | "go on" {
  response.setHeader("vary", "Origin");
  const { origin } = request.headers;
  const isPreflight =
    request.method === "OPTIONS" &&
    origin !== undefined &&
    request.headers["access-control-request-method"] !== undefined;
  if (origin === undefined || !allowed.has(origin)) {
    return isPreflight ? "refused" : "go on";
  }
  response.setHeader("access-control-allow-origin", origin);
  if (!isPreflight) {
    response.setHeader("access-control-expose-headers", exposedHeaders);
    return "go on";
  }
  response.writeHead(204, {
    "access-control-allow-methods": allowedMethods,
    "access-control-allow-headers": allowedHeaders,
    "access-control-max-age": `${maxAgeSeconds}`,
  });
  response.end();
  return "done";
}
