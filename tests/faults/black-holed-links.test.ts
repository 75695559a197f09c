import type { Client } from "@connectrpc/connect";
import { pause } from "@ordermesh/process/wait";
import { CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { type FreshDatabase, freshDatabase } from "@ordermesh/testkit/fresh-database";
import { postgresUrl } from "@ordermesh/testkit/infrastructure";
import { startTcpProxy, type TcpProxy } from "@ordermesh/testkit/tcp-proxy";
import postgres from "postgres";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type FaultRun, faultRun } from "../harness/fault-run.ts";
import { type Installation, replicaName, startInstallation } from "../harness/installation.ts";
import type { Load } from "../harness/load.ts";
import { expectAllStored, receiveStock, startOrderLoad } from "../harness/order-load.ts";
import { addProducts, startPurchaseLoad } from "../harness/purchase-load.ts";
import { readMetric } from "../harness/service-metrics.ts";
import type { ServiceProcess } from "../harness/service-process.ts";

/*
 * F10: a link passes nothing on and says nothing, as when a firewall drops packets. Nobody is told, so every wait has to
 * end by itself: each call by its deadline; and what was opened to get around the silence has to be closed again.
 */

const skus = Array.from({ length: 20 }, (_, index) => index + 1);
const deadlineMs = 2_000;
/** What a busy machine may add to a deadline. A call that hangs takes much longer than this. */
const slackMs = 1_000;

type LinkedApp = "loms" | "checkout";

let installation: Installation;
let sql: postgres.Sql;
let databases: Readonly<Record<string, FreshDatabase>>;
let databaseLink: TcpProxy;
let lomsLink: TcpProxy;
let orders: Client<typeof LomsService>;
let checkout: Client<typeof CheckoutService>;

beforeAll(async () => {
  const [loms, product, checkoutDatabase] = await Promise.all([
    freshDatabase(),
    freshDatabase(),
    freshDatabase(),
  ]);
  databases = { loms, product, checkout: checkoutDatabase };
  sql = postgres(postgresUrl(), { max: 1, onnotice: () => {} });
  const server = new URL(loms.url);
  databaseLink = await startTcpProxy({ host: server.hostname, port: Number(server.port) });
  const linked = new URL(loms.url);
  linked.host = `127.0.0.1:${databaseLink.port}`;
  installation = await startInstallation({
    replicas: { notifications: 0 },
    environment: { loms: { LOMS_DATABASE_TIMEOUT_MS: "1000" }, checkout: { CACHE_TTL_MS: "1" } },
    databaseUrl: (app) => (app === "loms" ? linked.href : (databases[app] ?? loms).url),
    async lomsAddress(address) {
      lomsLink = await startTcpProxy({ host: "127.0.0.1", port: Number(address.split(":")[1]) });
      return `127.0.0.1:${lomsLink.port}`;
    },
  });
  const options = { retries: false, timeoutMs: deadlineMs };
  orders = await installation.client(LomsService, "loms", options);
  checkout = await installation.client(CheckoutService, "checkout", options);
  await addProducts(await installation.client(ProductService, "product"), skus);
  await receiveStock(orders, skus, 1_000_000);
});

afterAll(async () => {
  await installation?.stop();
  await Promise.all([databaseLink, lomsLink].map((link) => link?.close()));
  await Promise.all(Object.values(databases ?? {}).map((database) => database.drop()));
  await sql?.end();
});

/** Connections that a service may have to its database: its pool, and one each for what has a connection of its own. */
const connectionsMax = { loms: 8 + 3, checkout: 8 + 2 };

interface Opened {
  /** To the database. */
  readonly connections: number;
  /** Sockets, files and pipes beside them. */
  readonly otherHandles: number;
}

/**
 * What a service has open. Its pool opens a connection more whenever there is more to do at once, after a silence as
 * before it. So they are counted by themselves.
 */
async function openedBy(app: LinkedApp): Promise<Opened> {
  const { port } = serviceOf(app);
  const connections = await countConnections(app);
  const handles = await readMetric(port, "nodejs_active_handles_total");
  const files = await readMetric(port, "process_open_fds");
  expect(await countConnections(app)).toBe(connections);
  return { connections, otherHandles: handles + files - 2 * connections };
}

async function countConnections(app: LinkedApp): Promise<number> {
  const database = new URL(databases[app]!.url).pathname.slice(1);
  const [row] = await sql<{ count: number }[]>`select count(*)::int from pg_stat_activity
    where datname = ${database} and application_name = ${replicaName(app, 0)}`;
  return row!.count;
}

function serviceOf(app: LinkedApp): ServiceProcess {
  return installation.services[app][0]!;
}

async function readyz({ port }: ServiceProcess): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_000) });
  return `${response.status} ${await response.text()}`;
}

/**
 * Silences a link again and again under load.
 *
 * @param options.duringSilence holds once the service has noticed.
 */
async function silenceRepeatedly(options: {
  readonly run: FaultRun;
  readonly link: TcpProxy;
  readonly app: LinkedApp;
  readonly startLoad: () => Load;
  readonly duringSilence: () => Promise<void>;
}): Promise<void> {
  const { run, link, app, duringSilence } = options;
  // What is opened once and kept is open before anything is counted.
  const warmUp = options.startLoad();
  onTestFinished(warmUp.abandon);
  await warmUp.untilMoreTurns(40);
  await warmUp.stop();
  const before = await eventually(() => openedBy(app));

  const load = options.startLoad();
  onTestFinished(load.abandon);
  for (let round = 0; round < run.rounds; round += 1) {
    await load.untilMoreTurns(run.random.integer(10, 40));
    const retries = load.retries();
    // The long ones are longer than a dead connection is kept.
    const silentMs = run.random.integer(deadlineMs, run.isLong ? 40_000 : 1.5 * deadlineMs);
    link.silence();
    await Promise.all([pause(silentMs), eventually(duringSilence)]);
    expect(load.retries()).toBeGreaterThan(retries);
    link.heal();
    await eventually(async () => expect(await readyz(serviceOf(app))).toContain("200"));
    await load.untilMoreTurns(20);
  }
  await load.stop();
  const after = await eventually(async () => {
    const opened = await openedBy(app);
    expect(opened.otherHandles).toBeLessThanOrEqual(before.otherHandles);
    expect(opened.connections).toBeLessThanOrEqual(connectionsMax[app]);
    return opened;
  });
  run.report({
    "connections silenced": link.faults(),
    calls: load.calls(),
    "calls without an answer": load.retries(),
    "ms the slowest call": load.slowestMs(),
    "handles before": before.otherHandles,
    "handles after": after.otherHandles,
    "connections to the database before": before.connections,
    "connections to the database after": after.connections,
  });
  expect(load.slowestMs()).toBeLessThan(deadlineMs + slackMs);
  expect(link.faults()).toBeGreaterThanOrEqual(run.rounds);
}

const database = faultRun("LOMS and PostgreSQL, link silent", { short: 1, whole: 1, long: 10 });

test("a database that is silent makes LOMS not ready, and no call waits beyond its deadline", {
  timeout: database.timeoutMs(60_000),
}, async () => {
  const loads: ReturnType<typeof startOrderLoad>[] = [];
  await silenceRepeatedly({
    run: database,
    link: databaseLink,
    app: "loms",
    startLoad() {
      const load = startOrderLoad({ orders, random: database.random, skus, workers: 20 });
      loads.push(load);
      return load;
    },
    duringSilence: async () => expect(await readyz(serviceOf("loms"))).toMatch(/^503 .*database/),
  });
  await expectAllStored(orders, ...loads);
  await installation.expectVerifyClean();
});

const upstream = faultRun("checkout and LOMS, link silent", { short: 1, whole: 1, long: 10 });

test("a LOMS that is silent makes no call of checkout wait beyond its deadline", {
  timeout: upstream.timeoutMs(60_000),
}, async () => {
  await silenceRepeatedly({
    run: upstream,
    link: lomsLink,
    app: "checkout",
    startLoad: () => startPurchaseLoad({ checkout, orders, random: upstream.random, skus, workers: 20 }),
    // Carts can still be looked at: checkout stays ready, and tells by its errors who is away.
    duringSilence: async () => {
      expect(await readyz(serviceOf("checkout"))).toContain("200");
      await checkout.listCart({ userId: 1n });
    },
  });
  await installation.expectVerifyClean();
});
