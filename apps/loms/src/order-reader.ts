import type { Database } from "@ordermesh/postgres/database";
import { type Caller, createBatcher } from "@ordermesh/process/batcher";
import { Histogram, type Registry } from "prom-client";
import { orderNotFound } from "./domain/change-failures.ts";
import { isVisible } from "./domain/decide-change.ts";
import type { StoredOrder } from "./domain/stored-order.ts";
import { findStoredOrders } from "./load-orders.ts";

/** Reads orders with their items and refunds, as they are, without a lock. */
export interface OrderReader {
  /**
   * @param limitedToUserId whose orders the caller may see; undefined: anybody's.
   * @throws Failure `not_found` that names the order, also if it is somebody else's.
   */
  read(orderId: bigint, limitedToUserId: bigint | undefined, caller: Caller): Promise<StoredOrder>;
  drain(): Promise<void>;
}

const batchOrdersMax = 256;
const queueMax = 10_000;

/**
 * Coalesces concurrent reads: what is known of an order is in five tables, and asking them once for all who ask at the same
 * time costs as much as asking for one.
 */
export function createOrderReader(database: Database, metrics: Registry): OrderReader {
  const sizes = new Histogram({
    name: "ordermesh_loms_read_batch_size",
    help: "Orders per look at orders with their items and refunds.",
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    registers: [metrics],
  });
  const reads = createBatcher<bigint, StoredOrder | undefined>({
    requestsMax: batchOrdersMax,
    weightMax: batchOrdersMax,
    queueMax,
    weigh: () => 1,
    sizes,
    async run(orderIds) {
      const orders = await database.read((db) => findStoredOrders(db, [...new Set(orderIds)]));
      const byId = new Map(orders.map((order) => [order.head.id, order]));
      return orderIds.map((orderId) => byId.get(orderId));
    },
  });
  return {
    async read(orderId, limitedToUserId, caller) {
      const order = await reads.submit(orderId, caller);
      if (order === undefined || !isVisible(order.head, limitedToUserId)) {
        throw orderNotFound(orderId);
      }
      return order;
    },
    drain: reads.drain,
  };
}
