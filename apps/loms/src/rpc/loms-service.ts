import { Failure } from "@ordermesh/failure/failure";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { type BoundService, bindService } from "@ordermesh/rpc/bound-service";
import { type Call, callOf } from "@ordermesh/rpc/call";
import type { ChangeOutcome } from "../change-orders.ts";
import type { CreateOutcome } from "../create-orders.ts";
import { actorText, isTables } from "../domain/acting-roles.ts";
import type { OrderCommand } from "../domain/order-command.ts";
import { draftOrder, type OrderRequest } from "../domain/order-draft.ts";
import { checkValidity } from "../domain/voucher.ts";
import type { OrderDesk } from "../order-desk.ts";
import type { OrderFeed } from "../order-feed.ts";
import { getOrderDetails } from "../order-queries.ts";
import { transactionTime } from "../sql/orders.ts";
import { listStockLevels, receiveStock } from "../stock.ts";
import { vouchersNotConfigured } from "../vouchers.ts";
import { batchResult } from "./batch-result.ts";
import { listOrdersPage } from "./list-orders.ts";
import { createOrderResponse, detailedOrderMessage, orderRequestOf, stockLevelMessage } from "./messages.ts";
import { timerCalls } from "./timer-handlers.ts";
import type { voucherCalls } from "./voucher-handlers.ts";
import { watchResponses } from "./watch-orders.ts";
import { type WorkflowHandlers, workflowCalls } from "./workflow-handlers.ts";

export interface LomsHandlers extends WorkflowHandlers {
  readonly feed: OrderFeed;
  /** Whether service orders can be placed. */
  readonly sellsVouchers: boolean;
  readonly vouchers: ReturnType<typeof voucherCalls>;
}

export function bindLomsService(handlers: LomsHandlers): BoundService {
  const { desk, database, feed, vouchers } = handlers;
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
      const call = callOf(context);
      const details = await getOrderDetails(handlers, orderId, call.limitedToUserId, call);
      return { order: detailedOrderMessage(details) };
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

    ...workflowCalls(handlers),
    ...timerCalls(handlers),
    ...vouchers,

    watchOrders: (request, context) => watchResponses({ feed, database }, request, callOf(context)),
  });
}

/** Creates an order, or throws why it was refused. */
export async function createOrder(
  {
    desk,
    database,
    paymentWindowMs,
    sellsVouchers,
  }: Pick<LomsHandlers, "desk" | "database" | "paymentWindowMs" | "sellsVouchers">,
  request: OrderRequest,
  call: Call,
): Promise<CreateOutcome & { kind: "created" }> {
  const draft = draftOrder(request, paymentWindowMs);
  if (draft.voucher !== undefined) {
    if (!sellsVouchers) {
      throw vouchersNotConfigured();
    }
    checkValidity(draft.voucher, await database.read(transactionTime));
  }
  if (call.principal.kind === "service" && isTables(call.principal) !== (draft.table !== undefined)) {
    throw notItsOrders(call.principal.name);
  }
  const outcome = await desk.create({ draft, traceparent: call.traceparent }, call);
  if (outcome.kind === "refused") {
    throw outcome.failure;
  }
  return outcome;
}

/** Orders at tables are the tables service's, which knows the session, and it makes no others. */
function notItsOrders(service: string): Failure {
  const text = service === "tables" ? "only orders" : "no orders";
  return new Failure("permission_denied", `The service ${service} creates ${text} of the workflow "table".`, {
    reason: "SERVICE_NOT_ALLOWED",
    metadata: { service },
  });
}

/** Pays or cancels an order, or throws why that was refused. */
export async function changeOrder(
  desk: OrderDesk,
  orderId: bigint,
  command: OrderCommand,
  call: Call,
): Promise<ChangeOutcome & { kind: "done" }> {
  const { traceparent, limitedToUserId, principal } = call;
  const actor = actorText(principal);
  const onlyAtTables = isTables(principal);
  const change = { orderId, command, actor, traceparent, limitedToUserId, onlyAtTables };
  const outcome = await desk.change(change, call);
  if (outcome.kind === "refused") {
    throw outcome.failure;
  }
  return outcome;
}
