import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { GatewayRoute } from "../exchange.ts";
import { problemAnswer } from "./answer.ts";
import { type HttpBinding, httpBindings } from "./http-rules.ts";
import { parseJsonBody } from "./json-body.ts";
import type { RestCalls } from "./rest-call.ts";
import type { Route } from "./route-table.ts";

/** Methods whose requests or answers hold passwords, tokens or cards, which are written down nowhere. */
const secretMethods: ReadonlySet<string> = new Set([
  "ordermesh.identity.v1.IdentityService.Register",
  "ordermesh.identity.v1.IdentityService.Login",
  "ordermesh.identity.v1.IdentityService.Refresh",
  "ordermesh.identity.v1.IdentityService.Logout",
  "ordermesh.identity.v1.IdentityService.Verify",
  "ordermesh.payments.v1.PaymentsService.CreatePaymentMethod",
]);

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
    recorded: !secretMethods.has(nameOf(method)),
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

function nameOf({ parent, name }: DescMethod): string {
  return `${parent.typeName}.${name}`;
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
