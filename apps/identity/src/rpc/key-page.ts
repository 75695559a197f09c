import type { Page } from "@ordermesh/rpc/http-handler";
import type { JWK } from "jose";

export const keyPath = "/.well-known/jwks.json";

/** Publishes the keys by which tokens are checked. @param keys none while the service starts. */
export function createKeyPage(keys: () => readonly JWK[]): Page {
  return (request, response) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD", "content-type": "text/plain; charset=utf-8" });
      response.end(`Use GET for ${keyPath}.\n`);
      return;
    }
    const published = keys();
    if (published.length === 0) {
      response.writeHead(503, { "retry-after": "1", "content-type": "text/plain; charset=utf-8" });
      response.end("The keys are not there yet.\n");
      return;
    }
    response.writeHead(200, { "content-type": "application/json", "cache-control": "public, max-age=60" });
    response.end(JSON.stringify({ keys: published }));
  };
}
