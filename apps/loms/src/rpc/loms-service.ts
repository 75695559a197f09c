import type { Database } from "@ordermesh/postgres/database";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { type BoundService, bindService } from "@ordermesh/rpc/bound-service";
import { type Call, callOf } from "@ordermesh/rpc/call";
import type { ChangeOutcome } from "../change-orders.ts";
import type { CreateOutcome } from "../create-orders.ts";
import { draftOrder, type OrderRequest } from "../domain/order-draft.ts";
import type { OrderCommand } from "../domain/order-status.ts";
import type { OrderDesk } from "../order-desk.ts";
import type { OrderFeed } from "../order-feed.ts";
import { getOrder } from "../order-queries.ts";
import { listStockLevels, receiveStock } from "../stock.ts";
import { batchResult } from "./batch-result.ts";
import { listOrdersPage } from "./list-orders.ts";
import { createOrderResponse, orderMessage, orderRequestOf, stockLevelMessage } from "./messages.ts";
import { watchResponses } from "./watch-orders.ts";

export interface LomsHandlers {
  readonly desk: OrderDesk;
  readonly database: Database;
  readonly feed: OrderFeed;
  /** The longest that a buyer may take to pay. */
  readonly paymentWindowMs: number;
}

export function bindLomsService(handlers: LomsHandlers): BoundService {
  const { desk, database, feed } = handlers;
  return bindService(LomsService, {
    async createOrder(request, context) {
      const { order, replayed } = await createOrder(handlers, orderRequestOf(request), callOf(context));
      return createOrderResponse(order, replayed);
    },

    async batchCreateOrders(request, context) {
      const call = callOf(context);
      const outcomes = await Promise.allSettled(
        request.orders.map((order) => createOrder(handlers, orderRequestOf(order), call)),
      );
      return { results: outcomes.map(batchResult) };
    },

    async getOrder({ orderId }, context) {
      const { limitedToUserId } = callOf(context);
      const { order, history } = await database.read((db) => getOrder(db, orderId, limitedToUserId));
      return { order: orderMessage(order, history) };
    },

    listOrders: (request) => listOrdersPage(database, request),

    payOrder: ({ orderId }, context) => changeOrder(desk, orderId, "pay", callOf(context)),

    cancelOrder: ({ orderId }, context) => changeOrder(desk, orderId, "cancel", callOf(context)),

    async listStockLevels({ sku }) {
      const levels = await database.read((db) => listStockLevels(db, sku));
      return { stockLevels: levels.map(stockLevelMessage) };
    },

    async receiveStock({ receipts, idempotencyKey }) {
      const { levels, replayed } = await database.transaction((tx) =>
        receiveStock(tx, receipts, idempotencyKey),
      );
      return { stockLevels: levels.map(stockLevelMessage), replayed };
    },

    watchOrders: (request, context) => watchResponses({ feed, database }, request, callOf(context)),
  });
}

/** Creates an order, or throws why it was refused. */
export async function createOrder(
  { desk, paymentWindowMs }: Pick<LomsHandlers, "desk" | "paymentWindowMs">,
  request: OrderRequest,
  call: Call,
): Promise<CreateOutcome & { kind: "created" }> {
  const outcome = await desk.create(
    { draft: draftOrder(request, paymentWindowMs), traceparent: call.traceparent },
    call,
  );
  if (outcome.kind === "refused") {
    throw outcome.failure;
  }
  return outcome;
}

/** Pays or cancels an order, or throws why that was refused. */
export async function changeOrder(
  desk: OrderDesk,
  orderId: bigint,
  command: OrderCommand,
  call: Call,
): Promise<ChangeOutcome & { kind: "done" }> {
  const { traceparent, limitedToUserId } = call;
  const outcome = await desk.change({ orderId, command, traceparent, limitedToUserId }, call);
  if (outcome.kind === "refused") {
    throw outcome.failure;
  }
  return outcome;
}
