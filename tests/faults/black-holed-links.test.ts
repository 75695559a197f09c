import type { Client } from "@connectrpc/connect";
import { pause } from "@ordermesh/process/wait";
import { CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { type FreshDatabase, freshDatabase } from "@ordermesh/testkit/fresh-database";
import { startTcpProxy, type TcpProxy } from "@ordermesh/testkit/tcp-proxy";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type FaultRun, faultRun } from "../harness/fault-run.ts";
import { type Installation, startInstallation } from "../harness/installation.ts";
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

let installation: Installation;
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
});

/** Sockets, files and pipes that a process has open. */
async function handlesOf({ port }: ServiceProcess): Promise<number> {
  return (
    (await readMetric(port, "nodejs_active_handles_total")) + (await readMetric(port, "process_open_fds"))
  );
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
  readonly service: ServiceProcess;
  readonly startLoad: () => Load;
  readonly duringSilence: () => Promise<void>;
}): Promise<void> {
  const { run, link, service, duringSilence } = options;
  // Every pool is filled before handles are counted.
  const warmUp = options.startLoad();
  onTestFinished(warmUp.abandon);
  await warmUp.untilMoreTurns(40);
  await warmUp.stop();
  const handlesBefore = await handlesOf(service);

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
    await eventually(async () => expect(await readyz(service)).toContain("200"));
    await load.untilMoreTurns(20);
  }
  await load.stop();
  const handlesAfter = await eventually(async () => {
    const handles = await handlesOf(service);
    expect(handles).toBeLessThanOrEqual(handlesBefore);
    return handles;
  });
  run.report({
    "connections silenced": link.faults(),
    calls: load.calls(),
    "calls without an answer": load.retries(),
    "ms the slowest call": load.slowestMs(),
    "handles before": handlesBefore,
    "handles after": handlesAfter,
  });
  expect(load.slowestMs()).toBeLessThan(deadlineMs + slackMs);
  expect(link.faults()).toBeGreaterThanOrEqual(run.rounds);
}

const database = faultRun("LOMS and PostgreSQL, link silent", { short: 1, long: 10 });

test("a database that is silent makes LOMS not ready, and no call waits beyond its deadline", {
  timeout: database.timeoutMs(60_000),
}, async () => {
  const [loms] = installation.services.loms;
  const loads: ReturnType<typeof startOrderLoad>[] = [];
  await silenceRepeatedly({
    run: database,
    link: databaseLink,
    service: loms as ServiceProcess,
    startLoad() {
      const load = startOrderLoad({ orders, random: database.random, skus, workers: 20 });
      loads.push(load);
      return load;
    },
    duringSilence: async () => expect(await readyz(loms as ServiceProcess)).toMatch(/^503 .*database/),
  });
  await expectAllStored(orders, ...loads);
  await installation.expectVerifyClean();
});

const upstream = faultRun("checkout and LOMS, link silent", { short: 1, long: 10 });

test("a LOMS that is silent makes no call of checkout wait beyond its deadline", {
  timeout: upstream.timeoutMs(60_000),
}, async () => {
  const [service] = installation.services.checkout;
  await silenceRepeatedly({
    run: upstream,
    link: lomsLink,
    service: service as ServiceProcess,
    startLoad: () => startPurchaseLoad({ checkout, orders, random: upstream.random, skus, workers: 20 }),
    // Carts can still be looked at: checkout stays ready, and tells by its errors who is away.
    duringSilence: async () => {
      expect(await readyz(service as ServiceProcess)).toContain("200");
      await checkout.listCart({ userId: 1n });
    },
  });
  await installation.expectVerifyClean();
});
