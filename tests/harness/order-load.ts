import { randomUUID } from "node:crypto";
import type { Client } from "@connectrpc/connect";
import type { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { CancelReason, OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import type { SeededRandom } from "@ordermesh/testkit/seeded-random";
import { expect } from "vitest";
import { type Load, startLoad } from "./load.ts";

/** Buyers who place orders of one to three SKUs and pay them, cancel them, or do neither. */
export interface OrderLoad extends Load {
  /** By order id: the status that the last answer gave it. */
  readonly answers: ReadonlyMap<bigint, OrderStatus>;
  /** How many answers were the result of an earlier call, whose own answer had been lost. */
  replays(): number;
}

const warehouses = [220n, 221n];

/** Puts stock of every SKU into two warehouses. */
export async function receiveStock(
  orders: Client<typeof LomsService>,
  skus: readonly number[],
  quantity: number,
): Promise<void> {
  await orders.receiveStock({
    idempotencyKey: `stock ${randomUUID()}`,
    receipts: skus.flatMap((sku) => warehouses.map((warehouseId) => ({ sku, warehouseId, quantity }))),
  });
}

export function startOrderLoad(options: {
  readonly orders: Client<typeof LomsService>;
  readonly random: SeededRandom;
  readonly skus: readonly number[];
  readonly workers: number;
  readonly retriesMax?: number;
  readonly pauseMs?: () => number;
}): OrderLoad {
  const { orders, random, skus } = options;
  const answers = new Map<bigint, OrderStatus>();
  let replays = 0;

  const load = startLoad({
    ...options,
    async turn(worker, attempt) {
      const idempotencyKey = randomUUID();
      const lines = Array.from({ length: random.integer(1, 3) }, () => ({
        sku: random.pick(skus),
        quantity: random.integer(1, 3),
      }));
      const { orderId, status, replayed } = await attempt(() =>
        orders.createOrder({ userId: BigInt(worker + 1), idempotencyKey, lines }),
      );
      replays += replayed ? 1 : 0;
      answers.set(orderId, status);
      const next = random.pick(["pay", "cancel", "leave"]);
      if (status === OrderStatus.AWAITING_PAYMENT && next !== "leave") {
        const pays = next === "pay";
        const { changed } = await attempt<{ changed: boolean }>(() =>
          pays ? orders.payOrder({ orderId }) : orders.cancelOrder({ orderId }),
        );
        replays += changed ? 0 : 1;
        answers.set(orderId, pays ? OrderStatus.PAID : OrderStatus.CANCELED);
      }
    },
  });

  return { ...load, answers, replays: () => replays };
}

/** LOMS has the orders that were answered, in the status that was answered, and no others. */
export async function expectAllStored(
  orders: Client<typeof LomsService>,
  ...loads: readonly { readonly answers: ReadonlyMap<bigint, OrderStatus> }[]
): Promise<void> {
  const answers = new Map(loads.flatMap((load) => [...load.answers]));
  const stored = new Map<bigint, OrderStatus>();
  const expired = new Set<bigint>();
  for (let pageToken = "", pages = 0; pages < 10_000; pages += 1) {
    const page = await orders.listOrders({ pageSize: 500, pageToken });
    for (const { orderId, status, cancelReason } of page.orders) {
      stored.set(orderId, status);
      if (cancelReason === CancelReason.PAYMENT_DEADLINE) {
        expired.add(orderId);
      }
    }
    pageToken = page.nextPageToken;
    if (pageToken === "") {
      break;
    }
  }
  // Left unpaid for longer than the payment window, as in a soak.
  const hasExpired = (orderId: bigint) =>
    answers.get(orderId) === OrderStatus.AWAITING_PAYMENT && expired.has(orderId);
  const differences = [...new Set([...answers.keys(), ...stored.keys()])]
    .filter((orderId) => answers.get(orderId) !== stored.get(orderId) && !hasExpired(orderId))
    .map((orderId) => {
      const [answered, found] = [answers, stored].map((statuses) => OrderStatus[statuses.get(orderId) ?? 0]);
      return `order ${orderId}: answered ${answered}, stored ${found}`;
    });
  expect(differences).toEqual([]);
}
