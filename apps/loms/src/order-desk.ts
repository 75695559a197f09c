import { openPipelinedSession } from "@ordermesh/postgres/pipelined-session";
import { type Caller, createBatcher } from "@ordermesh/process/batcher";
import { Histogram, type Registry } from "prom-client";
import { type ChangeOutcome, type ChangeSettings, changeOrders } from "./change-orders.ts";
import { type CreateOutcome, createOrders, type OrderToCreate } from "./create-orders.ts";
import type { OrderChange } from "./domain/order-change.ts";
import type { IdBlocks } from "./id-blocks.ts";

/** Where single calls become batches: orders are created and changed through here. */
export interface OrderDesk {
  create(order: OrderToCreate, caller: Caller): Promise<CreateOutcome>;
  change(change: OrderChange, caller: Caller): Promise<ChangeOutcome>;
  /** Finishes what is queued and closes the two connections. */
  close(): Promise<void>;
}

/** Lines in one transaction: a batch of orders with a thousand lines each would lock stock for too long. */
const linesMax = 4_000;

/**
 * Opens the two connections on which orders are created and changed.
 *
 * @param options.onCommitted told after each batch that may have written events. The other two are for metrics.
 */
export function openOrderDesk(options: {
  readonly databaseUrl: string;
  readonly timeoutMs: number;
  readonly batchOrdersMax: number;
  readonly queueOrdersMax: number;
  readonly ids: IdBlocks;
  readonly settings: ChangeSettings;
  readonly metrics: Registry;
  readonly onCreated: (outcomes: readonly CreateOutcome[]) => void;
  readonly onChanged: (change: OrderChange, outcome: ChangeOutcome) => void;
  readonly onCommitted: () => void;
}): OrderDesk {
  const { databaseUrl, timeoutMs, ids, settings, onCommitted, onCreated, onChanged } = options;
  const sizes = createBatchSizes(options.metrics);
  const limits = {
    requestsMax: options.batchOrdersMax,
    weightMax: linesMax,
    queueMax: options.queueOrdersMax,
  };

  const creating = openPipelinedSession({ url: databaseUrl, applicationName: "loms create", timeoutMs });
  const creations = createBatcher<OrderToCreate, CreateOutcome>({
    ...limits,
    sizes: sizes.create,
    weigh: ({ draft }) => draft.lines.length,
    async run(orders) {
      const newIds = await ids.take(orders.length);
      const outcomes = await creating.transaction((tx) => createOrders(tx, orders, newIds));
      onCommitted();
      onCreated(outcomes);
      return outcomes;
    },
  });

  const changing = openPipelinedSession({ url: databaseUrl, applicationName: "loms change", timeoutMs });
  const changes = createBatcher<OrderChange, ChangeOutcome>({
    ...limits,
    sizes: sizes.change,
    weigh: () => 1,
    async run(batch) {
      const outcomes = await changing.transaction((tx) => changeOrders(tx, batch, settings));
      onCommitted();
      for (const [index, outcome] of outcomes.entries()) {
        const change = batch[index];
        if (change !== undefined) {
          onChanged(change, outcome);
        }
      }
      return outcomes;
    },
  });

  return {
    create: creations.submit,
    change: changes.submit,
    async close() {
      await Promise.all([creations.drain(), changes.drain()]);
      await Promise.all([creating.close(), changing.close()]);
    },
  };
}

function createBatchSizes(metrics: Registry) {
  const sizes = new Histogram({
    name: "ordermesh_loms_batch_size",
    help: "Orders per transaction.",
    labelNames: ["batch"] as const,
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
    registers: [metrics],
  });
  return { create: sizes.labels("create"), change: sizes.labels("change") };
}
