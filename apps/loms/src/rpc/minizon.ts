import { randomUUID } from "node:crypto";
import { Failure } from "@ordermesh/failure/failure";
import { LomsV1, Status } from "@ordermesh/proto/loms_v1/loms_pb";
import { type BoundService, bindService } from "@ordermesh/rpc/bound-service";
import { callOf } from "@ordermesh/rpc/call";
import type { OrderStatus } from "../domain/order.ts";
import { getOrder } from "../order-queries.ts";
import { insufficientStock } from "../reservations.ts";
import { listStockLevels } from "../stock.ts";
import { changeOrder, createOrder, type LomsHandlers } from "./loms-service.ts";

const statuses: Readonly<Record<OrderStatus, Status>> = {
  new: Status.new,
  awaiting_payment: Status.awaiting_payment,
  failed: Status.failed,
  paid: Status.payed,
  canceled: Status.canceled,
  // It knew no life after payment.
  shipment_held: Status.payed,
  shipped: Status.payed,
  completed: Status.payed,
  awaiting_settlement: Status.payed,
  settled: Status.payed,
  confirmed: Status.payed,
  delivered: Status.payed,
  // Nor tables: such an order waits for its payment, or has ended.
  placed: Status.awaiting_payment,
  accepted: Status.awaiting_payment,
  preparing: Status.awaiting_payment,
  served: Status.awaiting_payment,
  declined: Status.canceled,
};

const quantityMax = 1_000_000;
const linesMax = 1_000;

/**
 * The contract of miniZON's LOMS over the same operations. Its clients know neither keys nor prices: every call is an
 * intent of its own and an order has no total, as it was there. What was INTERNAL for everything there has its proper
 * code here.
 */
export function bindMinizonLoms(
  handlers: Pick<LomsHandlers, "desk" | "database" | "paymentWindowMs" | "sellsVouchers">,
): BoundService {
  const { desk, database } = handlers;
  return bindService(LomsV1, {
    async createOrder({ user, items }, context) {
      check("user", user > 0n, "must be greater than 0");
      check("items", items.length > 0 && items.length <= linesMax, `must have 1 to ${linesMax} entries`);
      for (const { sku, count } of items) {
        check("items.sku", sku > 0, "must be greater than 0");
        check("items.count", count > 0 && count <= quantityMax, `must be from 1 to ${quantityMax}`);
      }
      const request = {
        userId: user,
        idempotencyKey: `minizon:${randomUUID()}`,
        lines: items.map(({ sku, count }) => ({ sku, quantity: count, name: "", unitPrice: undefined })),
        paymentWindowMs: undefined,
      };
      const { order } = await createOrder(handlers, request, callOf(context));
      if (order.status === "failed") {
        throw insufficientStock(order.shortages);
      }
      return { orderId: order.id };
    },

    async listOrder({ orderId }, context) {
      const { limitedToUserId } = callOf(context);
      const order = await database.read((db) => getOrder(db, orderId, limitedToUserId));
      return {
        status: statuses[order.status],
        user: order.userId,
        items: order.lines.map(({ sku, quantity }) => ({ sku, count: quantity })),
      };
    },

    async orderPayed({ orderId }, context) {
      await changeOrder(desk, orderId, "pay", callOf(context));
      return {};
    },

    async cancelOrder({ orderId }, context) {
      await changeOrder(desk, orderId, "cancel", callOf(context));
      return {};
    },

    async stocks({ sku }) {
      const levels = await database.read((db) => listStockLevels(db, sku));
      return {
        stocks: levels
          .filter((level) => level.onHand > level.reserved)
          .map((level) => ({ warehouseId: level.warehouseId, count: BigInt(level.onHand - level.reserved) })),
      };
    },
  });
}

/** Its messages carry no rules that the validation interceptor could check. */
function check(field: string, holds: boolean, description: string): void {
  if (!holds) {
    throw new Failure("invalid_argument", `${field}: ${description}.`, {
      reason: "INVALID_REQUEST",
      fieldViolations: [{ field, description }],
    });
  }
}
