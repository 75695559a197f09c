import { randomUUID } from "node:crypto";
import type { DescService } from "@bufbuild/protobuf";
import { CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { NotificationsService } from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { startOwnPostgres } from "@ordermesh/testkit/own-postgres";
import postgres from "postgres";
import { expect, onTestFinished, test } from "vitest";
import { faultRun } from "../harness/fault-run.ts";
import { openGrpcClient } from "../harness/grpc-client.ts";
import { type Installation, startInstallation } from "../harness/installation.ts";
import { expectAllStored, receiveStock, startOrderLoad } from "../harness/order-load.ts";
import { addProducts, startPurchaseLoad } from "../harness/purchase-load.ts";
import type { ServiceProcess } from "../harness/service-process.ts";

/*
 * F06: the database server of all services is stopped without a checkpoint (`pg_ctl restart -m immediate`) while buyers
 * purchase, pay and cancel, and recovers from its log. What was answered is there, and every pool finds its way back.
 */

const run = faultRun("PostgreSQL restarted in immediate mode", { short: 1, whole: 2, long: 20 });
const skus = Array.from({ length: 20 }, (_, index) => index + 1);
/** From the moment that the server accepts connections again. */
const healedWithinMs = 10_000;

/** Uses every pool and session that the services have; what it orders is noted like the answers of a load. */
async function openProbes(installation: Installation) {
  const answers = new Map<bigint, OrderStatus>();
  const { loms, checkout, product, notifications } = installation.services;
  const client = async <Service extends DescService>(service: Service, { port }: ServiceProcess) => {
    const opened = await openGrpcClient(service, `127.0.0.1:${port}`, { retries: false });
    onTestFinished(opened.close);
    return opened.client;
  };
  const userId = 1_000_000n;
  const probes = await Promise.all([
    ...loms.map(async (process) => {
      const orders = await client(LomsService, process);
      let idempotencyKey = randomUUID();
      return async () => {
        const lines = [{ sku: 1, quantity: 1 }];
        const { orderId, status } = await orders.createOrder({ userId, idempotencyKey, lines });
        answers.set(orderId, status);
        await orders.payOrder({ orderId });
        answers.set(orderId, OrderStatus.PAID);
        await orders.listOrders({ userId, pageSize: 1 });
        await receiveStock(orders, [1], 1);
        idempotencyKey = randomUUID();
      };
    }),
    ...checkout.map(async (process) => {
      const carts = await client(CheckoutService, process);
      return async () => {
        await carts.addToCart({ userId, sku: 1, quantity: 1 });
        await carts.listCart({ userId });
      };
    }),
    ...product.map(async (process) => {
      const products = await client(ProductService, process);
      return async () => {
        await products.listSkus({});
        await addProducts(products, [1]);
      };
    }),
    ...notifications.map(async (process) => {
      const notified = await client(NotificationsService, process);
      return async () => {
        await notified.listNotifications({ userId });
        await notified.setPreferences({ preferences: { userId } });
      };
    }),
  ]);
  return { answers, probes };
}

async function expectReady({ port }: ServiceProcess): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(1_000) });
  expect([response.status, await response.text()]).toEqual([200, "ready\n"]);
}

test("no acknowledged write is lost, pools heal, and no transaction stays open", {
  timeout: run.timeoutMs(30_000),
}, async () => {
  const { random } = run;
  const server = await startOwnPostgres();
  onTestFinished(server.remove);
  const installation = await startInstallation({ databaseUrl: server.databaseUrl, replicas: { loms: 2 } });
  onTestFinished(installation.stop);
  const processes = Object.values(installation.services).flat();
  const orders = await installation.client(LomsService, "loms", { retries: false });
  const checkout = await installation.client(CheckoutService, "checkout", { retries: false });
  await addProducts(await installation.client(ProductService, "product"), skus);
  await receiveStock(orders, skus, 1_000_000);
  const { answers, probes } = await openProbes(installation);
  // In the short form not as fast as they can: others need a share of the machine as well.
  const shared = { orders, random, skus, pauseMs: () => random.integer(0, run.isLong ? 0 : 100) };
  const orderLoad = startOrderLoad({ ...shared, workers: 20 });
  onTestFinished(orderLoad.abandon);
  const purchaseLoad = startPurchaseLoad({ ...shared, checkout, workers: 10 });
  onTestFinished(purchaseLoad.abandon);
  let slowestHealingMs = 0;

  for (let round = 0; round < run.rounds; round += 1) {
    await Promise.all([
      orderLoad.untilMoreTurns(random.integer(20, 100)),
      purchaseLoad.untilMoreTurns(random.integer(5, 20)),
    ]);
    await server.stopImmediately();
    await server.start();
    const startedAt = Date.now();
    const within = { timeoutMs: healedWithinMs };
    await Promise.all(probes.map((probe) => eventually(probe, within)));
    await Promise.all(processes.map((process) => eventually(() => expectReady(process), within)));
    slowestHealingMs = Math.max(slowestHealingMs, Date.now() - startedAt);
  }
  await Promise.all([orderLoad.untilMoreTurns(50), purchaseLoad.untilMoreTurns(10)]);
  await Promise.all([orderLoad.stop(), purchaseLoad.stop()]);

  run.report({
    restarts: run.rounds,
    "orders answered": orderLoad.answers.size,
    "purchases answered": purchaseLoad.answers.size,
    retries: orderLoad.retries() + purchaseLoad.retries(),
    "replayed answers": orderLoad.replays(),
    "ms until all pools of all services work again": slowestHealingMs,
  });
  expect(orderLoad.retries()).toBeGreaterThan(run.rounds);
  expect(purchaseLoad.retries()).toBeGreaterThan(run.rounds);
  await expectAllStored(orders, orderLoad, purchaseLoad, { answers });
  await installation.expectVerifyClean();

  const sql = postgres(server.databaseUrl("postgres"), { max: 1, onnotice: () => {} });
  onTestFinished(() => sql.end());
  await eventually(async () => {
    const open = await sql`select application_name, state, query from pg_stat_activity
      where backend_type = 'client backend' and state like 'idle in transaction%'`;
    expect([...open]).toEqual([]);
  });
  // The relay opens and closes one ten times a second: none may be old.
  const old = await sql`select application_name, state, query from pg_stat_activity
    where backend_type = 'client backend' and xact_start < now() - interval '5 seconds'`;
  expect([...old]).toEqual([]);
});
