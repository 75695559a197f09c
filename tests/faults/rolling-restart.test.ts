import { Code } from "@connectrpc/connect";
import { withTimeout } from "@ordermesh/process/wait";
import { CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { NotificationsService } from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import postgres from "postgres";
import { expect, onTestFinished, test } from "vitest";
import { faultRun } from "../harness/fault-run.ts";
import { type Installation, startInstallation } from "../harness/installation.ts";
import { type Load, startLoad } from "../harness/load.ts";
import { expectAllStored, receiveStock, startOrderLoad } from "../harness/order-load.ts";
import { startOrderWatcher } from "../harness/order-watcher.ts";
import { addProducts, startPurchaseLoad } from "../harness/purchase-load.ts";
import type { ServiceProcess } from "../harness/service-process.ts";

/*
 * F15: a new version is rolled out over all services while buyers purchase, pay, cancel and watch. Nobody may notice who
 * tries a call once more. Two kinds of clients:
 *
 * - "ours": what libs/rpc makes. Its transport repeats methods that the contract calls idempotent; the test repeats
 *   nothing, but for DeleteFromCart, the one method that transports may not repeat: that one once.
 * - "plain": its transport repeats nothing, and the test repeats each call once, with the same key.
 */

const run = faultRun("rolling restart of every service", { short: 1, whole: 1, long: 10 });
const skus = Array.from({ length: 20 }, (_, index) => index + 1);
const exitsWithinMs = 30_000;
const watcherCount = 4;

test("nobody who tries once more notices a rolling restart", {
  timeout: run.timeoutMs(120_000),
}, async () => {
  const installation = await startInstallation({
    replicas: { loms: 3, checkout: 3, notifications: 3, product: 2 },
    environment: { checkout: { CACHE_TTL_MS: "1" } },
  });
  onTestFinished(installation.stop);
  const orders = await installation.client(LomsService, "loms");
  await addProducts(await installation.client(ProductService, "product"), skus);
  await receiveStock(orders, skus, 1_000_000);
  const watchers = await Promise.all(Array.from({ length: watcherCount }, () => startOrderWatcher(orders)));
  onTestFinished(async () => void (await Promise.all(watchers.map((watcher) => watcher.stop()))));
  const { orderLoads, purchaseLoads, reads } = await startLoads(installation);
  const loads: Load[] = [...orderLoads, ...purchaseLoads, reads];
  const moreTurns = (count: number) => Promise.all(loads.map((load) => load.untilMoreTurns(count)));
  let restarts = 0;
  let slowestExitMs = 0;

  async function restart(replica: ServiceProcess | undefined): Promise<void> {
    if (replica !== undefined) {
      const askedAt = Date.now();
      const code = await withTimeout(
        replica.stop(),
        exitsWithinMs,
        () => new Error("It did not end in time."),
      );
      expect(code).toBe(0);
      slowestExitMs = Math.max(slowestExitMs, Date.now() - askedAt);
      await replica.restart();
      restarts += 1;
    }
  }

  await moreTurns(5);
  for (let round = 0; round < run.rounds; round += 1) {
    // One of each service at a time, as a roll-out of the whole platform does.
    for (let index = 0; index < 3; index += 1) {
      await Promise.all(Object.values(installation.services).map((replicas) => restart(replicas[index])));
      await moreTurns(5);
    }
  }
  await Promise.all(loads.map((load) => load.stop()));

  const sql = postgres(installation.databaseUrls.loms, { max: 1, onnotice: () => {} });
  onTestFinished(() => sql.end());
  const history = await sql`select order_id, version from order_history
    order by transaction_id, order_id, version`;
  const changes = history.map((row) => `${row.order_id}/${row.version}`);
  const endings = watchers.flatMap((watcher) => watcher.endings);
  run.report({
    restarts,
    calls: loads.reduce((sum, load) => sum + load.calls(), 0),
    "calls tried once more by the test": loads.reduce((sum, load) => sum + load.retries(), 0),
    "streams ended and resumed": endings.length,
    watchers: watcherCount,
    "changes seen by each watcher": changes.length,
    "ms the slowest exit": slowestExitMs,
  });
  for (const watcher of watchers) {
    await eventually(() => expect(watcher.seen).toEqual(changes));
  }
  expect(endings.length).toBeGreaterThan(0);
  expect(new Set(endings)).toEqual(new Set([Code.Unavailable]));
  await expectAllStored(orders, ...orderLoads, ...purchaseLoads);
  await installation.expectVerifyClean();
});

async function startLoads(installation: Installation) {
  const { random } = run;
  const clients = async (options: { retries: boolean }) => ({
    orders: await installation.client(LomsService, "loms", options),
    checkout: await installation.client(CheckoutService, "checkout", options),
  });
  // Not as fast as they can: what is starting anew needs a share of the machine as well.
  const shared = { random, skus, pauseMs: () => random.integer(50, run.isLong ? 150 : 300) };
  const ours = { ...(await clients({ retries: true })), ...shared, retriesMax: 0 };
  const plain = { ...(await clients({ retries: false })), ...shared, retriesMax: 1 };
  const orderLoads = [ours, plain].map((kind) => startOrderLoad({ ...kind, workers: 4 }));
  const purchaseLoads = [ours, plain].map((kind, index) =>
    startPurchaseLoad({ ...kind, workers: 3, firstUser: 1_000 * (index + 1) }),
  );
  const products = await installation.client(ProductService, "product", { retries: false });
  const notifications = await installation.client(NotificationsService, "notifications", { retries: false });
  const reads = startLoad({
    workers: 2,
    pauseMs: shared.pauseMs,
    retriesMax: 1,
    async turn(worker, attempt) {
      await attempt(() => products.getProduct({ sku: random.pick(skus) }));
      await attempt(() => notifications.listNotifications({ userId: BigInt(worker + 1) }));
    },
  });
  for (const load of [...orderLoads, ...purchaseLoads, reads]) {
    onTestFinished(load.abandon);
  }
  return { orderLoads, purchaseLoads, reads };
}
