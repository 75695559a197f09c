import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { InventoryService } from "@ordermesh/proto/ordermesh/loms/v1/inventory_pb";
import { type CreateOrderResponse, LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import type { Call } from "@ordermesh/rpc/call";
import { upstreamFailure } from "@ordermesh/rpc/upstream-failure";
import type { PlacedOrder, PurchaseIntent } from "../domain/purchase.ts";
import type { RateLimit } from "./rate-limit.ts";

export const lomsServices = [LomsService, InventoryService] as const;

/** What checkout asks of LOMS. Failures keep the kind that LOMS gave them. */
export interface Loms {
  getAvailability(sku: number, call: Call): Promise<{ readonly known: boolean; readonly available: number }>;
  /**
   * Has the intent made an order; repeated, it is the same order.
   *
   * @returns `replayed`: true if an earlier call had it made.
   */
  createOrder(
    intent: PurchaseIntent,
    call: Call,
  ): Promise<{ readonly order: PlacedOrder; readonly replayed: boolean }>;
}

export function createLoms(transport: Transport, rateLimit: RateLimit): Loms {
  const inventory: Client<typeof InventoryService> = createClient(InventoryService, transport);
  const orders: Client<typeof LomsService> = createClient(LomsService, transport);

  return {
    async getAvailability(sku, call) {
      await rateLimit.wait(call);
      const request = { skus: [sku] };
      const options = { ...callOptions(call), signal: call.signal };
      const { availabilities } = await inventory.getAvailability(request, options).catch(throwFailure);
      const [availability] = availabilities;
      if (availability?.sku !== sku) {
        throw new Error(`LOMS was asked for SKU ${sku} and did not tell of it.`);
      }
      return { known: availability.known, available: Number(availability.available) };
    },

    async createOrder({ userId, idempotencyKey, lines, total }, call) {
      await rateLimit.wait(call);
      const { currencyCode } = total;
      const request = {
        userId,
        idempotencyKey,
        lines: lines.map(({ sku, quantity, name, unitPriceMinor }) => ({
          sku,
          quantity,
          name,
          unitPrice: { currencyCode, amountMinor: unitPriceMinor },
        })),
      };
      // Without the signal: a buyer who hangs up now has still purchased, and the answer is worth recording.
      const response = await orders.createOrder(request, callOptions(call)).catch(throwFailure);
      return { order: placedOrder(response), replayed: response.replayed };
    },
  };
}

function callOptions(call: Call): { headers: Record<string, string>; timeoutMs: number } {
  return { headers: { traceparent: call.traceparent }, timeoutMs: call.remainingMs() };
}

function throwFailure(error: unknown): never {
  throw upstreamFailure("LOMS", error);
}

function placedOrder({ orderId, status, shortages }: CreateOrderResponse): PlacedOrder {
  switch (status) {
    case OrderStatus.AWAITING_PAYMENT:
      return { status: "awaiting_payment", orderId };
    case OrderStatus.FAILED:
      return {
        status: "failed",
        orderId,
        shortages: shortages.map(({ sku, requested, available }) => ({ sku, requested, available })),
      };
    default:
      throw new Error(`LOMS created order ${orderId} with status ${OrderStatus[status]}.`);
  }
}
