import { randomUUID } from "node:crypto";
import type { Client } from "@connectrpc/connect";
import { createKafkaClient } from "@ordermesh/kafka/client";
import { readToEnd } from "@ordermesh/kafka/read-to-end";
import { CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { OrderCanceledSchema } from "@ordermesh/proto/ordermesh/events/v1/order_events_pb";
import { InventoryService } from "@ordermesh/proto/ordermesh/loms/v1/inventory_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { testLogger } from "@ordermesh/testkit/test-logger";
import postgres from "postgres";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { countDeadlocks } from "../harness/deadlocks.ts";
import { faultRun } from "../harness/fault-run.ts";
import { type Installation, replicaName, startInstallation } from "../harness/installation.ts";
import { startLoad } from "../harness/load.ts";
import { expectAllStored, receiveStock, startOrderLoad } from "../harness/order-load.ts";
import { addProducts, startPurchaseLoad } from "../harness/purchase-load.ts";
import { readMetric } from "../harness/service-metrics.ts";

/*
 * Three replicas each of LOMS, checkout and notifications share their work without a word to each other: all that they
 * agree on is in the database and in Kafka.
 */

const skus = Array.from({ length: 20 }, (_, index) => index + 1);
/** As libs/outbox/src/relay.ts has it. */
const relayLock = 5_190_127;

let installation: Installation;
let sql: postgres.Sql;
let orders: Client<typeof LomsService>;
let inventory: Client<typeof InventoryService>;
let checkout: Client<typeof CheckoutService>;

beforeAll(async () => {
  installation = await startInstallation({
    replicas: { loms: 3, checkout: 3, notifications: 3 },
    environment: { loms: { TIMERS_EVERY_MS: "10" }, checkout: { CACHE_TTL_MS: "1" } },
  });
  sql = postgres(installation.databaseUrls.loms, { max: 2, onnotice: () => {} });
  orders = await installation.client(LomsService, "loms", { retries: false });
  inventory = await installation.client(InventoryService, "loms", { retries: false });
  checkout = await installation.client(CheckoutService, "checkout", { retries: false });
  await addProducts(await installation.client(ProductService, "product"), skus);
  await receiveStock(orders, skus, 1_000_000);
});

afterAll(async () => {
  await sql?.end();
  await installation?.stop();
});

const kills = faultRun("any of nine processes killed", { short: 3, whole: 3, long: 60 });

test("any process may be killed while buyers purchase, pay and cancel", {
  timeout: kills.timeoutMs(20_000),
}, async () => {
  const { random, rounds } = kills;
  // Not as fast as they can: what is starting anew needs a share of the machine as well.
  const shared = { orders, random, skus, pauseMs: () => random.integer(0, kills.isLong ? 50 : 200) };
  const orderLoad = startOrderLoad({ ...shared, workers: 12 });
  onTestFinished(orderLoad.abandon);
  const purchaseLoad = startPurchaseLoad({ ...shared, checkout, workers: 12 });
  onTestFinished(purchaseLoad.abandon);
  const restarting: Record<string, Promise<void>> = {};

  for (let round = 0; round < rounds; round += 1) {
    await Promise.all([
      orderLoad.untilMoreTurns(random.integer(10, 60)),
      purchaseLoad.untilMoreTurns(random.integer(5, 20)),
    ]);
    // First the one that takes longest to return: Kafka keeps a dead member's place for some seconds.
    const app = (["notifications", "loms", "checkout", "loms"] as const)[round % 4] ?? "loms";
    // One of each app at a time; meanwhile the others take its work.
    await restarting[app];
    const victim = random.pick(installation.services[app]);
    await victim.kill();
    restarting[app] = victim.restart();
  }
  await Promise.all(Object.values(restarting));
  await Promise.all([orderLoad.untilMoreTurns(20), purchaseLoad.untilMoreTurns(10)]);
  await Promise.all([orderLoad.stop(), purchaseLoad.stop()]);

  kills.report({
    kills: rounds,
    orders: orderLoad.answers.size,
    purchases: purchaseLoad.answers.size,
    retries: orderLoad.retries() + purchaseLoad.retries(),
  });
  expect(orderLoad.retries() + purchaseLoad.retries()).toBeGreaterThan(0);
  await expectAllStored(orders, orderLoad, purchaseLoad);
  await installation.expectVerifyClean();
});

/** Which replica's relay is publishing, if one is. */
async function findLeader(): Promise<string | undefined> {
  const [row] = await sql`select application_name from pg_locks join pg_stat_activity using (pid)
    where locktype = 'advisory' and objid = ${relayLock} and granted and datname = current_database()`;
  return row?.application_name;
}

const takeovers = faultRun("the leading relay killed", { short: 1, whole: 2, long: 20 });

test("one relay leads, and when it is killed another one takes over", {
  timeout: takeovers.timeoutMs(20_000),
}, async () => {
  const { loms } = installation.services;
  let slowestMs = 0;
  for (let round = 0; round < takeovers.rounds; round += 1) {
    // Without a broker the leader is held up in the middle of its cycle, with the lock in its hand.
    await installation.broker.stop();
    await orders.createOrder({
      userId: 1n,
      idempotencyKey: `takeover ${randomUUID()}`,
      lines: [{ sku: 1, quantity: 1 }],
    });
    const leader = await eventually(async () => {
      const found = await findLeader();
      expect(found).toBeDefined();
      return found;
    });
    const victim = loms.find((_, index) => replicaName("loms", index) === leader);
    await victim?.kill();
    const killedAt = Date.now();
    await eventually(
      async () => {
        const successor = await findLeader();
        expect([successor, successor !== leader]).toEqual([expect.any(String), true]);
      },
      { timeoutMs: 5_000, everyMs: 5 },
    );
    slowestMs = Math.max(slowestMs, Date.now() - killedAt);
    await installation.broker.start();
    await eventually(async () => expect(await sql`select from outbox`).toHaveLength(0), {
      timeoutMs: 30_000,
    });
    await victim?.restart();
  }
  takeovers.report({ "leaders killed": takeovers.rounds, "ms the slowest takeover": slowestMs });
  await installation.expectVerifyClean();
});

/** Ids of the events of one type, by order. */
async function eventIdsByOrder(type: string): Promise<Map<string, Set<string>>> {
  const ids = new Map<string, Set<string>>();
  const client = createKafkaClient({
    brokers: installation.broker.brokers,
    clientId: "test",
    logger: testLogger(),
  });
  await readToEnd({
    client,
    topic: "orders.events.v1",
    timeoutMs: 30_000,
    onRecords(records) {
      for (const { key, headers } of records.filter(({ headers }) => headers.ce_type === type)) {
        ids.set(key, (ids.get(key) ?? new Set()).add(headers.ce_id ?? ""));
      }
    },
  });
  return ids;
}

const expiries = faultRun("orders expire while a replica is killed", { short: 1, whole: 1, long: 20 });
const ordersPerRound = 150;

test("a timer fires in one replica, once", { timeout: expiries.timeoutMs(20_000) }, async () => {
  const { loms } = installation.services;
  const { random } = expiries;
  const placed: string[] = [];
  const firing = new Set<number>();
  const firedBy = () =>
    Promise.all(
      loms.map(async ({ port }, index) => {
        if ((await readMetric(port, "ordermesh_timers_fired_total").catch(() => 0)) > 0) {
          firing.add(index);
        }
      }),
    );
  const expired = async () => {
    const rows = await sql`select order_id::text, count(*)::int from order_history
      where cancel_reason = 'payment_deadline' and order_id = any(${placed}::bigint[]) group by order_id`;
    return new Map(rows.map((row) => [row.order_id, row.count]));
  };

  for (let round = 0; round < expiries.rounds; round += 1) {
    const placedBefore = placed.length;
    const load = startLoad({
      workers: 10,
      async turn(worker, attempt) {
        const idempotencyKey = randomUUID();
        const { orderId } = await attempt(() =>
          orders.createOrder({
            userId: BigInt(worker + 1),
            idempotencyKey,
            lines: [{ sku: random.pick(skus), quantity: 1 }],
            paymentWindow: { seconds: 1n, nanos: random.integer(0, 999_999_999) },
          }),
        );
        placed.push(`${orderId}`);
      },
    });
    onTestFinished(load.abandon);
    await load.untilMoreTurns(ordersPerRound);
    await load.stop();
    await eventually(async () => expect((await expired()).size).toBeGreaterThan(placedBefore));
    await firedBy();
    const victim = random.pick(loms);
    await victim.kill();
    await eventually(async () => expect((await expired()).size).toBe(placed.length));
    await firedBy();
    await victim.restart();
  }

  expiries.report({ "orders expired": placed.length, "replicas that fired timers": firing.size });
  expect(firing.size).toBeGreaterThan(1);
  expect(new Set((await expired()).values())).toEqual(new Set([1]));
  await eventually(async () => expect(await sql`select from outbox`).toHaveLength(0));
  const events = await eventIdsByOrder(OrderCanceledSchema.typeName);
  expect(placed.filter((orderId) => events.get(orderId)?.size !== 1)).toEqual([]);
  await installation.expectVerifyClean();
});

const crossings = faultRun("orders that cross in three replicas", { short: 1, whole: 1, long: 20 });

test("batchers of several replicas never deadlock", { timeout: crossings.timeoutMs(30_000) }, async () => {
  const { random } = crossings;
  const hot = skus.slice(0, 6);
  const shuffledLines = () =>
    [...hot]
      .sort(() => random.next() - 0.5)
      .slice(0, 4)
      .map((sku) => ({ sku, quantity: 1 }));
  const load = startLoad({
    workers: 40,
    async turn(worker, attempt) {
      const idempotencyKey = randomUUID();
      const what = random.pick(["pay", "cancel", "expire", "reserve", "receive"]);
      const lines = shuffledLines();
      if (what === "receive") {
        const receipts = lines.map((line) => ({ ...line, warehouseId: random.pick([220n, 221n]) }));
        await attempt(() => orders.receiveStock({ idempotencyKey, receipts }));
      } else if (what === "reserve") {
        const commits = random.next() < 0.5;
        const ttl = { seconds: commits ? 60n : 1n, nanos: 0 };
        const { reservationId } = await attempt(() => inventory.reserve({ idempotencyKey, lines, ttl }));
        if (commits) {
          await attempt(() => inventory.commitReservation({ reservationId }));
        }
      } else {
        const paymentWindow = what === "expire" ? { seconds: 1n, nanos: 0 } : undefined;
        const userId = BigInt(worker + 1);
        const { orderId } = await attempt(() =>
          orders.createOrder({ userId, idempotencyKey, lines, paymentWindow }),
        );
        if (what !== "expire") {
          await attempt<unknown>(() =>
            what === "pay" ? orders.payOrder({ orderId }) : orders.cancelOrder({ orderId }),
          );
        }
      }
    },
  });
  onTestFinished(load.abandon);
  await load.untilMoreTurns(200 * crossings.rounds);
  await load.stop();
  await installation.expectVerifyClean();

  // A connection tells what it has counted when it ends. So the last of the tests stops LOMS, and counts for all of them.
  await Promise.all(installation.services.loms.map((replica) => replica.stop()));
  await eventually(async () => {
    const connected = await sql`select application_name from pg_stat_activity
      where datname = current_database() and application_name like 'loms %'`;
    expect([...connected]).toEqual([]);
  });
  const deadlocks = await countDeadlocks(installation.databaseUrls.loms);
  crossings.report({ "turns of 40 workers": load.turns(), deadlocks });
  expect(deadlocks).toBe(0);
});
