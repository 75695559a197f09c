import type { Database } from "@ordermesh/postgres/database";
import { openPipelinedSession } from "@ordermesh/postgres/pipelined-session";
import type { Tx } from "@ordermesh/postgres/tx";
import { alwaysThere, type Batcher, type Caller, createBatcher } from "@ordermesh/process/batcher";
import { Histogram, type Registry } from "prom-client";
import { type CartEdit, type EditOutcome, editCarts } from "./cart-edits.ts";
import type { PricedCart, PurchaseIntent } from "./domain/purchase.ts";
import { type PlacedPurchase, recordOrders, storeIntents } from "./purchase-steps.ts";
import { type ReadCart, readCarts } from "./sql/carts.ts";

/**
 * Where single calls become batches: all that every buyer's purchase needs of the database. Four calls used to be four
 * transactions each with a commit of its own, which was most of what a purchase cost.
 */
export interface CartDesk {
  read(userId: bigint, caller: Caller): Promise<ReadCart>;
  edit(edit: CartEdit, caller: Caller): Promise<EditOutcome>;
  /** @returns undefined if the cart has changed since it was read, or an intent of its version is stored already. */
  storeIntent(cart: PricedCart, caller: Caller): Promise<PurchaseIntent | undefined>;
  recordOrder(purchase: PlacedPurchase): Promise<void>;
  /** Finishes what is queued and closes the connections. */
  close(): Promise<void>;
}

/** Calls in one transaction. */
const batchMax = 256;

/** Lines in one transaction, of purchases: a cart may have a thousand. */
const linesMax = 4_000;

/** Calls that wait for their batch; more are refused. */
const queueMax = 10_000;

const emptyCart: ReadCart = { version: 0n, lines: [], isBeingOrdered: false };

/** Opens the three connections on which carts change; reads go to the pool. */
export function openCartDesk(options: {
  readonly database: Database;
  readonly databaseUrl: string;
  readonly timeoutMs: number;
  readonly metrics: Registry;
}): CartDesk {
  const { database, databaseUrl, timeoutMs } = options;
  const sizes = createBatchSizes(options.metrics);
  const limits = { requestsMax: batchMax, weightMax: linesMax, queueMax };

  function openBatches<Request, Result>(
    name: string,
    weigh: (request: Request) => number,
    work: (tx: Tx, requests: readonly Request[]) => Promise<readonly Result[]>,
  ) {
    const session = openPipelinedSession({
      url: databaseUrl,
      applicationName: `checkout ${name}`,
      timeoutMs,
    });
    const batcher = createBatcher<Request, Result>({
      ...limits,
      weigh,
      sizes: sizes.labels(name),
      run: (requests) => session.transaction((tx) => work(tx, requests)),
    });
    return { batcher, close: () => drainAndClose(batcher, session) };
  }

  const reads = createBatcher<bigint, ReadCart>({
    ...limits,
    weigh: () => 1,
    sizes: sizes.labels("read"),
    async run(userIds) {
      const carts = await database.read((db) => readCarts(db, [...new Set(userIds)]));
      return userIds.map((userId) => carts.get(userId) ?? emptyCart);
    },
  });
  const edits = openBatches<CartEdit, EditOutcome>("edit", () => 1, editCarts);
  const intents = openBatches("intent", ({ lines }: PricedCart) => lines.length, storeIntents);
  const records = openBatches("record", ({ intent }: PlacedPurchase) => intent.lines.length, recordOrders);

  return {
    read: reads.submit,
    edit: edits.batcher.submit,
    storeIntent: intents.batcher.submit,
    // Also when the buyer has hung up: LOMS has made the order.
    recordOrder: (purchase) => records.batcher.submit(purchase, alwaysThere),
    async close() {
      await Promise.all([reads.drain(), edits.close(), intents.close(), records.close()]);
    },
  };
}

async function drainAndClose(
  batcher: Batcher<never, unknown>,
  session: { close(): Promise<void> },
): Promise<void> {
  await batcher.drain();
  await session.close();
}

function createBatchSizes(metrics: Registry) {
  return new Histogram({
    name: "ordermesh_checkout_batch_size",
    help: "Calls per transaction or read.",
    labelNames: ["batch"] as const,
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    registers: [metrics],
  });
}
