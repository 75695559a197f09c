import type { IncomingMessage, ServerResponse } from "node:http";
import { Failure } from "@ordermesh/failure/failure";
import type { Logger } from "@ordermesh/telemetry/logger";
import type { GatewayRoute } from "../exchange.ts";
import type { IdempotentWrites } from "../idempotency/idempotent-writes.ts";
import type { Pages } from "../pages/serve-pages.ts";
import { type Answer, problemAnswer } from "../rest/answer.ts";
import { HttpProblem } from "../rest/http-problem.ts";
import { readBody } from "../rest/json-body.ts";
import type { RouteTable } from "../rest/route-table.ts";
import { type Caller, callerId } from "./callers.ts";
import type { EdgeLimits } from "./edge-limits.ts";

/** A request that the limits have let through. */
export interface AdmittedRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly query: string;
  readonly caller: Caller;
  readonly clientAddress: string;
}

/** Finds the answer to a request; undefined if its route has answered. Never rejects. */
export type AnswerRoute = (admitted: AdmittedRequest) => Promise<Answer | undefined>;

const namedMethods: ReadonlySet<string | undefined> = new Set(["POST", "DELETE", "PATCH"]);

export function createAnswerRoute(options: {
  readonly routes: RouteTable<GatewayRoute>;
  readonly limits: EdgeLimits;
  readonly idempotentWrites: IdempotentWrites;
  /** Asked first: a file of the pages, or a path that is nobody else's. */
  readonly pages: Pages;
  readonly maxBodyBytes: number;
  readonly logger: Logger;
}): AnswerRoute {
  const { routes, limits, idempotentWrites, pages, maxBodyBytes, logger } = options;

  async function answer(admitted: AdmittedRequest): Promise<Answer | undefined> {
    const { request, path, query, caller } = admitted;
    const { method = "" } = request;
    if (await pages.serve(request, admitted.response, path, isRoute(routes, path))) {
      return undefined;
    }
    const found = findRoute(routes, method, path);
    if (found.kind === "options") {
      const headers = { allow: found.allowed.join(", ") };
      return { status: 204, contentType: "text/plain", body: "", headers };
    }
    const { target, variables } = found;
    const hasBody = method !== "GET" && method !== "HEAD";
    const body = hasBody ? await readBody(request, maxBodyBytes) : Buffer.alloc(0);
    const exchange = { ...admitted, variables, query: new URLSearchParams(query), body };
    const key = keyOf(request, target);
    const id = callerId(caller);
    if (key === undefined || id === undefined) {
      return await target.answer({ ...exchange, idempotencyKey: undefined });
    }
    limits.takeForKey(id);
    return await idempotentWrites.run({ caller: id, method, path, query, key, body }, async () => {
      const kept = await target.answer({ ...exchange, idempotencyKey: key });
      if (kept === undefined) {
        throw new Error(`${method} ${path} is a write that has no answer to keep.`);
      }
      return kept;
    });
  }

  return async (admitted) => {
    try {
      return await answer(admitted);
    } catch (error) {
      if (!(error instanceof HttpProblem) && !(error instanceof Failure)) {
        logger.error({ err: error, path: admitted.path }, "the request could not be answered");
      }
      return problemAnswer(error);
    }
  };
}

type Found =
  | {
      readonly kind: "found";
      readonly target: GatewayRoute;
      readonly variables: Readonly<Record<string, string>>;
    }
  | { readonly kind: "options"; readonly allowed: readonly string[] };

function isRoute(routes: RouteTable<GatewayRoute>, path: string): boolean {
  try {
    return routes.find("GET", path).kind !== "unknown";
  } catch {
    // Not properly encoded: what the route says to that.
    return true;
  }
}

/** @throws HttpProblem 404 or 405. */
function findRoute(routes: RouteTable<GatewayRoute>, method: string, path: string): Found {
  let match: ReturnType<typeof routes.find>;
  try {
    match = routes.find(method, path);
  } catch {
    throw new HttpProblem(400, "MALFORMED_PATH", "The path is not properly percent-encoded.");
  }
  switch (match.kind) {
    case "found":
      return match;
    case "wrong_method":
      if (method === "OPTIONS") {
        return { kind: "options", allowed: match.allowed };
      }
      throw wrongMethod(method, match.allowed);
    case "unknown":
      throw new HttpProblem(
        404,
        "ROUTE_NOT_FOUND",
        "There is nothing at this path. /documentation lists what there is.",
      );
  }
}

export function wrongMethod(method: string | undefined, allowed: readonly string[]): HttpProblem {
  const allow = allowed.join(", ");
  return new HttpProblem(405, "METHOD_NOT_ALLOWED", `${method} is not for this path. Use ${allow}.`, {
    allow,
  });
}

/** The key of a write whose answer is kept. */
function keyOf(request: IncomingMessage, { recorded }: GatewayRoute): string | undefined {
  const key = request.headers["idempotency-key"];
  return recorded && namedMethods.has(request.method) && typeof key === "string" ? key : undefined;
}
