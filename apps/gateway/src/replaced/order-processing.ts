import { randomUUID } from "node:crypto";
import { Failure } from "@ordermesh/failure/failure";
import type { Exchange, GatewayRoute } from "../exchange.ts";
import { type Answer, jsonAnswer } from "../rest/answer.ts";
import { parseJsonBody } from "../rest/json-body.ts";
import { malformed } from "../rest/request-message.ts";
import type { Route } from "../rest/route-table.ts";
import { minorUnitsOf, orderShape, paymentShape } from "./order-shapes.ts";
import { payWithCard } from "./pay-with-card.ts";
import type { createUserRoutes, ReplacedClients, UserCalls } from "./user-calls.ts";

/** What a bill is an order of. Seeded with stock that lasts. */
export const customItemSku = 9_000_000;

const pageSizeMax = 500;

interface Parts {
  readonly clients: ReplacedClients;
  readonly userRoute: ReturnType<typeof createUserRoutes>;
  readonly currency: string;
}

type MakeRoute = (
  method: string,
  path: string,
  answer: (calls: UserCalls, exchange: Exchange) => Promise<Answer>,
  recorded?: boolean,
) => Route<GatewayRoute>;

/** The routes of order-processing-system. Its orders are a bill: here, one custom item at that price. */
export function orderProcessingRoutes(parts: Parts): Route<GatewayRoute>[] {
  const route: MakeRoute = (method, path, answer, recorded = true) => ({
    method,
    path,
    target: parts.userRoute(`${method} ${path}`, recorded, answer),
  });
  return [...orderRoutes(route, parts), ...paymentRoutes(route, parts)];
}

function orderRoutes(route: MakeRoute, { clients, currency }: Parts): Route<GatewayRoute>[] {
  async function orderAnswer(calls: UserCalls, status: number, orderId: bigint): Promise<Answer> {
    const { order } = await calls.call("loms", (call) => clients.orders.getOrder({ orderId }, call));
    if (order === undefined) {
      throw new Error(`LOMS answered without order ${orderId}.`);
    }
    return dataAnswer(status, orderShape(order));
  }

  return [
    route("GET", "/api/orders", async (calls, { query }) => {
      const page = pageOf(query);
      const { orders, nextPageToken } = await calls.call("loms", (call) =>
        clients.orders.listOrders({ userId: calls.userId, ...page }, call),
      );
      return dataAnswer(200, orders.map(orderShape), nextPageToken);
    }),

    route("POST", "/api/orders", async (calls, { request, body }) => {
      const amountMinor = billOf(parseJsonBody(request.headers["content-type"], body));
      const { orderId, shortages } = await calls.callAsGateway("loms", (call) =>
        clients.ordersAsGateway.createOrder(
          {
            userId: calls.userId,
            lines: [
              {
                sku: customItemSku,
                quantity: 1,
                name: "Custom item",
                unitPrice: { currencyCode: currency, amountMinor },
              },
            ],
            workflow: "simple",
            idempotencyKey: `bill:${calls.writeKey ?? randomUUID()}`,
          },
          call,
        ),
      );
      if (shortages.length > 0) {
        throw customItemMissing();
      }
      return await orderAnswer(calls, 201, orderId);
    }),

    route("GET", "/api/orders/{id}", (calls, { variables }) => orderAnswer(calls, 200, idOf(variables))),

    route("DELETE", "/api/orders/{id}", async (calls, { variables }) => {
      const orderId = idOf(variables);
      await calls.call("loms", (call) => clients.orders.cancelOrder({ orderId }, call));
      return await orderAnswer(calls, 200, orderId);
    }),
  ];
}

function paymentRoutes(route: MakeRoute, { clients }: Parts): Route<GatewayRoute>[] {
  return [
    route("GET", "/api/payments", async (calls, { query }) => {
      const page = pageOf(query);
      const { payments, nextPageToken } = await calls.call("payments", (call) =>
        clients.payments.listPayments({ userId: calls.userId, ...page }, call),
      );
      return dataAnswer(200, payments.map(paymentShape), nextPageToken);
    }),

    route("GET", "/api/payments/{id}", async (calls, { variables }) => {
      const orderId = idOf(variables);
      const { payment } = await calls.call("payments", (call) =>
        clients.payments.getPayment({ orderId }, call),
      );
      if (payment === undefined) {
        throw new Error(`Payments answered without the payment of order ${orderId}.`);
      }
      return dataAnswer(200, paymentShape(payment));
    }),

    // Its request holds a card, of which not even a hash is kept.
    route(
      "POST",
      "/api/payments/pay/{id}",
      (calls, { request, body, variables }) =>
        payWithCard(clients, calls, {
          orderId: idOf(variables),
          body: parseJsonBody(request.headers["content-type"], body),
        }),
      false,
    ),
  ];
}

function dataAnswer(status: number, data: object, nextPageToken = ""): Answer {
  const envelope = { data, ...(nextPageToken !== "" && { nextPageToken }) };
  return jsonAnswer(status, JSON.stringify(envelope), "ok");
}

/** @throws Failure `invalid_argument` for a body whose bill is no amount. */
function billOf(body: ReturnType<typeof parseJsonBody>): bigint {
  if (body !== undefined && (typeof body !== "object" || body === null || Array.isArray(body))) {
    throw malformed("body", "must be a JSON object");
  }
  const amountMinor = minorUnitsOf(body?.bill === undefined ? 0 : body.bill);
  if (amountMinor === undefined) {
    throw malformed("bill", "must be a number from 0 to 10^12 with at most two decimals");
  }
  return amountMinor;
}

/** An id that can be none of ours is not there either. @throws Failure `not_found`. */
function idOf({ id = "" }: Readonly<Record<string, string>>): bigint {
  if (!/^[1-9]\d{0,17}$/.test(id)) {
    throw new Failure("not_found", `There is no order ${id.slice(0, 40)}.`, { reason: "ORDER_NOT_FOUND" });
  }
  return BigInt(id);
}

function pageOf(query: URLSearchParams): { readonly pageSize: number; readonly pageToken: string } {
  const size = Number(query.get("page_size") ?? pageSizeMax);
  if (!Number.isInteger(size) || size < 1 || size > pageSizeMax) {
    throw malformed("page_size", `must be from 1 to ${pageSizeMax}`);
  }
  return { pageSize: size, pageToken: query.get("page_token") ?? "" };
}

function customItemMissing(): Failure {
  return new Failure(
    "failed_precondition",
    `Bills cannot be ordered: there is no stock of custom items. Receive stock of SKU ${customItemSku}.`,
    { reason: "NO_CUSTOM_ITEMS" },
  );
}
