import type { CallOptions } from "@connectrpc/connect";
import { type Tracing, traceparentOf } from "@ordermesh/telemetry/tracing";
import type { Exchange, GatewayRoute } from "../../exchange.ts";
import type { Answer } from "../../rest/answer.ts";
import { jsonAnswer } from "../../rest/answer.ts";
import type { Route } from "../../rest/route-table.ts";
import { upstreamFailure } from "../../upstream-failure.ts";
import type { UpstreamName } from "../../upstreams.ts";
import { Refusal, refusalAnswer } from "./reasons.ts";

/** The calls that one request takes, all of them within one deadline. */
export interface CompatCalls {
  /**
   * Makes a call with a token: the header `authorization`, or none. With a client of the gateway's own, leave it out.
   *
   * @throws Failure.
   */
  call<Result>(
    upstream: UpstreamName,
    authorization: string | undefined,
    make: (options: CallOptions) => Promise<Result>,
  ): Promise<Result>;
}

/** @returns what is the body of the answer, or the answer. */
export type CompatHandler = (exchange: Exchange, calls: CompatCalls) => Promise<object | Answer>;

/** Makes the routes of one path: its method, and all others, which are refused as that system did. */
export type CompatRoute = (
  method: "GET" | "POST",
  path: string,
  handle: CompatHandler,
) => Route<GatewayRoute>[];

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];

export function createCompatRoutes(options: {
  readonly tracing: Tracing;
  readonly timeoutMs: number;
  /** Told of what is no refusal. */
  readonly onError: (error: unknown, name: string) => void;
}): CompatRoute {
  const { tracing, timeoutMs, onError } = options;

  function answering(name: string, handle: CompatHandler): GatewayRoute {
    return {
      // Session keys are in the bodies.
      recorded: false,
      async answer(exchange) {
        const { traceparent } = exchange.request.headers;
        const span = tracing.startSpan(name, typeof traceparent === "string" ? traceparent : undefined);
        try {
          const calls = createCompatCalls(exchange.clientAddress, traceparentOf(span), timeoutMs);
          const answer = await handle(exchange, calls);
          return isAnswer(answer) ? answer : jsonAnswer(200, JSON.stringify(answer), "ok");
        } catch (error) {
          if (!(error instanceof Refusal)) {
            onError(error, name);
          }
          return refusalAnswer(error);
        } finally {
          span.end();
        }
      },
    };
  }

  return (method, path, handle) =>
    methods.map((other) => ({
      method: other,
      path,
      target: other === method ? answering(`${method} ${path}`, handle) : wrongMethod(method),
    }));
}

export function createCompatCalls(
  clientAddress: string,
  traceparent: string,
  timeoutMs: number,
): CompatCalls {
  const deadlineAt = Date.now() + timeoutMs;
  return {
    async call(upstream, authorization, make) {
      try {
        return await make({
          headers: {
            traceparent,
            "x-forwarded-for": clientAddress,
            ...(authorization !== undefined && { authorization }),
          },
          timeoutMs: Math.max(0, deadlineAt - Date.now()),
        });
      } catch (error) {
        throw upstreamFailure(upstream, error);
      }
    },
  };
}

function wrongMethod(allowed: string): GatewayRoute {
  const answer = {
    ...refusalAnswer(new Refusal(405, "incorrect_access_method")),
    headers: { allow: allowed === "GET" ? "GET, HEAD" : allowed },
  };
  return { recorded: false, answer: async () => answer };
}

function isAnswer(value: object): value is Answer {
  return "status" in value && "contentType" in value && "body" in value;
}
