import { randomUUID } from "node:crypto";
import type { Failure } from "@ordermesh/failure/failure";
import { SessionState, type TableSession } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import type { GatewayRoute } from "../../exchange.ts";
import type { Route } from "../../rest/route-table.ts";
import { actingFor } from "./acting.ts";
import { type CodeGuests, createCodeGuests } from "./code-guests.ts";
import type { CompatCalls, CompatRoute } from "./compat-route.ts";
import { idOf, objectInBody, textOf } from "./json-input.ts";
import type { OrderedOnlineParts } from "./parts.ts";
import { asPart, malformedJson, productNotFound, Refusal, sessionNotFound } from "./reasons.ts";
import { sessionShape } from "./session-shape.ts";
import { byCode, getSession } from "./sessions.ts";

const maxSku = 2n ** 32n - 1n;

interface Addition {
  readonly sku: number;
  readonly session: TableSession;
  readonly idempotencyKey: string;
}

/** POST /orders/products/add/: one unit of a product, ordered in a session. */
export function addProductRoute(route: CompatRoute, parts: OrderedOnlineParts): Route<GatewayRoute>[] {
  const guests = createCodeGuests(parts);
  return route("POST", "/orders/products/add/", async ({ request, body }, calls) => {
    const input = objectInBody(body);
    const productId = idOf(input.product_id);
    const code = textOf(input.session_code);
    if (productId === undefined || code === "") {
      throw malformedJson();
    }
    const acting = actingFor(parts, request);
    const session = await getSession(acting, calls, { code });
    if (session.state !== SessionState.OPEN) {
      throw sessionClosed();
    }
    if (productId > maxSku) {
      throw productNotFound();
    }
    const key = request.headers["idempotency-key"];
    const idempotencyKey = typeof key === "string" && key !== "" ? key.slice(0, 255) : randomUUID();
    const addition = { sku: Number(productId), session, idempotencyKey };
    if (acting.authorization !== undefined) {
      await placeOrder(parts, calls, acting.authorization, addition);
    } else {
      await placeAsGuest(parts, guests, calls, { ...addition, code });
    }
    return sessionShape(await getSession(acting, calls, { sessionId: session.sessionId }));
  });
}

/**
 * Whoever has nothing but the code orders as a guest, like anybody who types the code: the gateway's own token would
 * reach further. A code that was replaced still finds its session, and orders nothing.
 */
async function placeAsGuest(
  parts: OrderedOnlineParts,
  guests: CodeGuests,
  calls: CompatCalls,
  addition: Addition & { readonly code: string },
): Promise<void> {
  const { session, code } = addition;
  if (code.toUpperCase() !== session.code) {
    throw sessionNotFound();
  }
  const token = await asPart("orders", byCode, () => guests.tokenFor(calls, session));
  try {
    await placeOrder(parts, calls, `Bearer ${token}`, addition);
  } catch (error) {
    if (!(error instanceof Refusal) || error.reason !== "incorrect_credentials") {
      throw error;
    }
    // The staff have removed this guest. With a code that is still good one may come back.
    await guests.forget(session.sessionId, token);
    const renewed = await asPart("orders", byCode, () => guests.tokenFor(calls, session));
    await placeOrder(parts, calls, `Bearer ${renewed}`, addition);
  }
}

async function placeOrder(
  { tables }: OrderedOnlineParts,
  calls: CompatCalls,
  authorization: string,
  { sku, session: { sessionId }, idempotencyKey }: Addition,
): Promise<void> {
  const refusals = {
    ...byCode,
    invalid_argument: (cause: Failure) =>
      cause.reason === "IDEMPOTENCY_KEY_REUSED" ? malformedJson(cause) : productNotFound(cause),
    failed_precondition: (cause: Failure) =>
      /^SESSION_/.test(cause.reason) ? sessionClosed(cause) : new Refusal(400, "product_sold_out", cause),
  };
  await asPart("orders", refusals, () =>
    calls.call("tables", authorization, (call) =>
      tables.placeOrder({ sessionId, lines: [{ sku, quantity: 1 }], idempotencyKey }, call),
    ),
  );
}

function sessionClosed(cause?: unknown): Refusal {
  return new Refusal(400, "session_closed", cause);
}
