import { Failure } from "@ordermesh/failure/failure";
import { SessionState, type TableSession } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import type { GatewayRoute } from "../../exchange.ts";
import type { Route } from "../../rest/route-table.ts";
import { actingFor } from "./acting.ts";
import type { CompatCalls, CompatRoute } from "./compat-route.ts";
import { findSessions } from "./find-sessions.ts";
import { idOf, objectInBody, textOf } from "./json-input.ts";
import { type Acting, findLocation, type OrderedOnlineParts } from "./parts.ts";
import { idInQuery } from "./query-input.ts";
import { asPart, incorrectCredentials, malformedJson, Refusal, sessionNotFound } from "./reasons.ts";
import { closeReason, sessionShape } from "./session-shape.ts";
import { verifyUser } from "./users.ts";

/** What a call about a session by its code came to there. */
export const byCode = {
  not_found: sessionNotFound,
  invalid_argument: sessionNotFound,
  unauthenticated: incorrectCredentials,
  permission_denied: incorrectCredentials,
};

/** The routes of ordered-online's orders service that are about sessions. */
export function sessionRoutes(route: CompatRoute, parts: OrderedOnlineParts): Route<GatewayRoute>[] {
  return [
    ...route("POST", "/orders/sessions/create/", async ({ body }, calls) => {
      const input = objectInBody(body);
      const user = await verifyUser(parts.keys, calls, input);
      const locationId = idOf(input.location_id);
      const name = textOf(input.name);
      if (locationId === undefined || name === "") {
        throw malformedJson();
      }
      const location = await findLocation(parts, calls, locationId);
      if (location?.ownerUserId !== user.userId) {
        throw incorrectCredentials();
      }
      const staff = parts.staffOf(user);
      // There the code came from a service of its own, which was asked now. Here the session comes with its code.
      const { session } = await asPart(
        "code",
        {
          already_exists: (cause) => new Refusal(400, "duplicate_session", cause),
          invalid_argument: malformedJson,
          not_found: incorrectCredentials,
          permission_denied: incorrectCredentials,
          unauthenticated: incorrectCredentials,
        },
        () =>
          calls.call("tables", staff.authorization, (call) =>
            staff.tables.openSession({ locationId, name }, call),
          ),
      );
      return sessionShape(present(session));
    }),

    ...route("GET", "/orders/sessions/get/{code}/", async ({ request, variables }, calls) =>
      sessionShape(await getSession(actingFor(parts, request), calls, { code: variables.code ?? "" })),
    ),

    ...route("POST", "/orders/sessions/close/{code}/", async ({ request, variables }, calls) => {
      const acting = actingFor(parts, request);
      const { sessionId, state } = await getSession(acting, calls, { code: variables.code ?? "" });
      if (state !== SessionState.CLOSED) {
        await asPart("orders", byCode, () => close(acting, calls, sessionId));
      }
      return sessionShape(await getSession(acting, calls, { sessionId }));
    }),

    ...route("GET", "/orders/sessions/find/", async ({ request, query }, calls) => {
      const acting = actingFor(parts, request);
      const filter = { locationId: idInQuery(query, "location_id"), state: query.get("state") ?? "" };
      const found = await asPart("orders", byCode, () => findSessions(acting, calls, filter));
      return found.map(sessionShape);
    }),
  ];
}

/** @throws Refusal. */
export async function getSession(
  { tables, authorization }: Acting,
  calls: CompatCalls,
  which: { readonly code: string } | { readonly sessionId: bigint },
): Promise<TableSession> {
  const { session } = await asPart("orders", byCode, () =>
    calls.call("tables", authorization, (call) => tables.getSession(which, call)),
  );
  return present(session);
}

/**
 * There a session could be closed at any time: orders had no states. Here what is not served is called off with it, but a
 * bill on which money is owed is not written off like this.
 */
async function close(
  { tables, authorization }: Acting,
  calls: CompatCalls,
  sessionId: bigint,
): Promise<void> {
  const force = (reason?: string) =>
    calls.call("tables", authorization, (call) =>
      tables.closeSession({ sessionId, ...(reason !== undefined && { force: true, reason }) }, call),
    );
  try {
    await force();
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== "failed_precondition") {
      throw error;
    }
    if ((error.details.preconditionViolations ?? []).some(({ type }) => type === "BILL_OPEN")) {
      throw new Refusal(400, "session_has_open_bill", error);
    }
    await force(closeReason);
  }
}

function present(session: TableSession | undefined): TableSession {
  if (session === undefined) {
    throw new Failure("internal", "The tables service answered without a session.", { reason: "NO_SESSION" });
  }
  return session;
}
