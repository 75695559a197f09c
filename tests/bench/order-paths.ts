import { type ChangeSettings, changeOrders } from "@ordermesh/app-loms/change-orders";
import { createOrders, type OrderToCreate } from "@ordermesh/app-loms/create-orders";
import type { OrderCommand } from "@ordermesh/app-loms/domain/order-command";
import { draftOrder } from "@ordermesh/app-loms/domain/order-draft";
import { createIdBlocks } from "@ordermesh/app-loms/id-blocks";
import { openOrderDesk } from "@ordermesh/app-loms/order-desk";
import { orderRequestOf } from "@ordermesh/app-loms/rpc/messages";
import { nextIdBlock } from "@ordermesh/app-loms/sql/id-blocks";
import { durationProfiles } from "@ordermesh/app-loms/workflows/durations";
import { openDatabase } from "@ordermesh/postgres/database";
import { openSessionPool } from "@ordermesh/postgres/session-pool";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { orderRequests, type Workload } from "./workloads.ts";

/** One way to create, pay and cancel orders, without RPC. */
export interface OrderPath {
  /** @returns the order's id. */
  create(order: OrderToCreate): Promise<bigint>;
  change(orderId: bigint, command: OrderCommand): Promise<void>;
  close(): Promise<void>;
}

const timeoutMs = 20_000;
const settings: ChangeSettings = { durations: durationProfiles.production, voucherKey: undefined };
const never = new AbortController().signal;
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

/** As LOMS does it: concurrent calls share a transaction. */
export function openBatchedPath(databaseUrl: string): OrderPath {
  const { ids, close } = openIds(databaseUrl);
  const desk = openOrderDesk({
    databaseUrl,
    timeoutMs,
    batchOrdersMax: 256,
    queueOrdersMax: 10_000,
    ids,
    settings,
    metrics: createMetrics({ service: "bench", version: "0" }),
    onCreated() {},
    onChanged() {},
    onCommitted() {},
  });
  return {
    async create(order) {
      const outcome = await desk.create(order, never);
      return createdId(outcome);
    },
    async change(orderId, command) {
      assertDone(await desk.change({ orderId, command, traceparent }, never));
    },
    async close() {
      await desk.close();
      await close();
    },
  };
}

/**
 * The yardstick: the same code and statements with one order in each transaction, on 16 connections, which is where
 * more of them no longer help.
 */
export function openSinglePath(databaseUrl: string): OrderPath {
  const { ids, close } = openIds(databaseUrl);
  const pool = openSessionPool({ url: databaseUrl, applicationName: "single", sessionsMax: 16, timeoutMs });
  return {
    async create(order) {
      const newIds = await ids.take(1);
      const [outcome] = await pool.transaction(
        (tx) => createOrders(tx, [order], newIds),
        () => {},
      );
      return createdId(outcome);
    },
    async change(orderId, command) {
      const [outcome] = await pool.transaction(
        (tx) => changeOrders(tx, [{ orderId, command, traceparent }], settings),
        () => {},
      );
      assertDone(outcome);
    },
    async close() {
      await pool.close();
      await close();
    },
  };
}

/** Orders of a workload as they are once the RPC layer is done with them. */
export function ordersOf(workload: Workload, seed: number): () => OrderToCreate {
  const nextRequest = orderRequests(workload, seed);
  return () => ({ draft: draftOrder(orderRequestOf(nextRequest()), 600_000), traceparent });
}

function openIds(url: string) {
  const database = openDatabase({ url, applicationName: "ids", connectionsMax: 2, timeoutMs });
  return { ids: createIdBlocks(() => database.transaction(nextIdBlock)), close: database.close };
}

function createdId(outcome: Awaited<ReturnType<typeof createOrders>>[number] | undefined): bigint {
  if (outcome?.kind !== "created" || outcome.order.status !== "awaiting_payment") {
    throw new Error(`An order of the benchmark was not created: ${JSON.stringify(outcome?.kind)}`);
  }
  return outcome.order.id;
}

function assertDone(outcome: Awaited<ReturnType<typeof changeOrders>>[number] | undefined): void {
  if (outcome?.kind !== "done" || !outcome.changed) {
    throw new Error(`An order of the benchmark was not changed: ${outcome?.kind}`);
  }
}
