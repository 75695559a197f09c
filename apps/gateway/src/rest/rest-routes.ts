import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { hasSecrets } from "@ordermesh/rpc/secret-fields";
import type { GatewayRoute } from "../exchange.ts";
import { problemAnswer } from "./answer.ts";
import { type HttpBinding, httpBindings } from "./http-rules.ts";
import { parseJsonBody } from "./json-body.ts";
import type { RestCalls } from "./rest-call.ts";
import type { Route } from "./route-table.ts";

/** The routes that the contracts state with google.api.http. */
export function restRoutes(services: readonly DescService[], calls: RestCalls): Route<GatewayRoute>[] {
  return httpBindings(services).map((binding) => ({
    method: binding.verb,
    path: binding.path,
    target: routeOf(binding, calls),
  }));
}

function routeOf(binding: HttpBinding, calls: RestCalls): GatewayRoute {
  const { method } = binding;
  return {
    // Passwords, tokens, cards and voucher codes are written down nowhere. Where such a request has an idempotency key of
    // its own, its service knows a repetition. A stream has no answer that could be kept.
    recorded: method.methodKind === "unary" && !hasSecrets(method.input) && !hasSecrets(method.output),
    async answer({ request, response, variables, query, body, clientAddress, idempotencyKey }) {
      let parsed: ReturnType<typeof parseJsonBody>;
      try {
        parsed = parseJsonBody(request.headers["content-type"], body);
      } catch (error) {
        return problemAnswer(error);
      }
      const key = request.headers["idempotency-key"];
      const rest = {
        binding,
        parts: {
          variables,
          query: withLastEventId(query, method, request.headers["last-event-id"]),
          body: parsed,
        },
        passedOn: { authorization: request.headers.authorization ?? null, clientAddress },
        idempotencyKey: typeof key === "string" && key !== "" ? key : undefined,
        detached: idempotencyKey !== undefined,
      };
      if (method.methodKind === "unary") {
        return calls.unary(rest, request, response);
      }
      await calls.stream(rest, request, response);
      return undefined;
    },
  };
}

/** With this header a browser says where its stream broke off. */
function withLastEventId(
  query: URLSearchParams,
  { methodKind, input }: DescMethod,
  lastEventId: string | string[] | undefined,
): URLSearchParams {
  if (
    methodKind !== "server_streaming" ||
    typeof lastEventId !== "string" ||
    input.field.cursor === undefined
  ) {
    return query;
  }
  const resumed = new URLSearchParams(query);
  // It is newer than the cursor in the address, which stays the same over reconnects.
  resumed.set("cursor", lastEventId);
  return resumed;
}
