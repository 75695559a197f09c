import { randomBytes, randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import type { Client } from "@connectrpc/connect";
import { pause, withTimeout } from "@ordermesh/process/wait";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import { TableAction, TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { freshDatabase } from "@ordermesh/testkit/fresh-database";
import { startOwnBroker } from "@ordermesh/testkit/own-broker";
import { expect, onTestFinished, test } from "vitest";
import { clientOf } from "../gateway/tables-mesh.ts";
import { faultRun } from "../harness/fault-run.ts";
import { openGrpcClient } from "../harness/grpc-client.ts";
import { type ProgramName, startServiceProcess } from "../harness/service-process.ts";
import {
  type PersistentWatcher,
  watchByStream,
  watchByWebSocket,
  watchPersistently,
} from "../harness/session-watchers.ts";
import { expectVerifyClean } from "../harness/verify-clean.ts";

/*
 * 200 watchers of one session, over gRPC, Connect and WebSocket, while tables and the gateway are killed with SIGKILL in
 * the midst of orders. Each of them comes back with its cursor, and all of them are told the same history, with no gap
 * and no repeat.
 */

const watchersMax = 200;

/** Who order at the same time. */
const writers = 4;
const run = faultRun("tables and gateway killed under 200 watchers", { short: 1, whole: 3, long: 40 });

test("every watcher resumes to the same history", { timeout: run.timeoutMs(60_000) }, async () => {
  const mesh = await startMesh();
  const { sessionId, staff } = mesh;
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);
  onTestFinished(() => stopping.abort());
  const watchers = Array.from({ length: watchersMax }, (_, index) =>
    watchPersistently(mesh.watches[index % mesh.watches.length]!, stopping.signal),
  );
  await untilAll(watchers, (watcher) => watcher.isConnected());

  let kills = 0;
  let cut = 0;
  let placed = 0;
  let retried = 0;
  for (let round = 0; round < run.rounds; round += 1) {
    // Orders and their steps go on while the processes die, and each is tried until it is done.
    let isUp = false;
    const orderUntilUp = async () => {
      while (!isUp) {
        const lines = [{ sku: mesh.sku, quantity: 1 }];
        const request = { sessionId, lines, idempotencyKey: randomUUID() };
        const { order } = await untilDone(
          () => staff.placeOrder(request),
          () => (retried += 1),
        );
        placed += 1;
        if (run.random.next() < 0.5) {
          const step = { sessionId, orderId: order?.orderId ?? 0n, action: TableAction.ACCEPT };
          await untilDone(
            () => staff.actOnOrder(step),
            () => (retried += 1),
          );
        }
      }
    };
    const ordering = Promise.all(Array.from({ length: writers }, orderUntilUp));
    const victims = pick([[mesh.tables], [mesh.gateway], [mesh.tables, mesh.gateway]]);
    const before = watchers.reduce((sum, watcher) => sum + watcher.breaks(), 0);
    await pause(run.random.next() * 400);
    await Promise.all(victims.map((victim) => victim.kill()));
    kills += victims.length;
    await pause(run.random.next() * 300);
    await Promise.all(victims.map((victim) => victim.restart()));
    isUp = true;
    await ordering;
    const version = (await untilDone(() => staff.getSession({ sessionId }))).session?.version ?? 0;
    await untilAll(watchers, ({ versions }) => versions.at(-1) === version);
    cut += watchers.reduce((sum, watcher) => sum + watcher.breaks(), 0) - before;
  }

  await untilDone(() => staff.closeSession({ sessionId, force: true, reason: "the test is over" }));
  const { session } = await untilDone(() => staff.getSession({ sessionId }));
  await withTimeout(
    Promise.all(watchers.map(({ ended }) => ended)),
    60_000,
    () => new Error("Some streams have not ended."),
  );
  expectSameHistory(watchers, session?.version ?? 0);
  run.report({
    watchers: watchersMax,
    kills,
    "streams cut": cut,
    orders: placed,
    "calls tried again": retried,
  });
  expect(kills).toBeGreaterThanOrEqual(run.rounds);
  expect(cut).toBeGreaterThan(watchersMax / 2);
  await mesh.expectVerifyClean();
});

function expectSameHistory(watchers: readonly PersistentWatcher[], last: number): void {
  const history = new Map<number, string>();
  for (const watcher of watchers) {
    const start = watcher.versions[0] ?? 0;
    expect(watcher.versions).toEqual(Array.from({ length: last - start + 1 }, (_, index) => start + index));
    for (const version of watcher.versions.slice(1)) {
      const told = watcher.told.get(version) ?? "";
      expect(told).toBe(history.get(version) ?? told);
      history.set(version, told);
    }
  }
}

async function untilAll(
  watchers: readonly PersistentWatcher[],
  holds: (watcher: PersistentWatcher) => boolean,
): Promise<void> {
  await eventually(
    () => expect(watchers.filter((watcher) => !holds(watcher)).length, "watchers that lag behind").toBe(0),
    { timeoutMs: 60_000, everyMs: 20 },
  );
}

/** Tries until it succeeds: the services may be away at this moment. */
async function untilDone<Result>(
  work: () => Promise<Result>,
  onRetry: () => void = () => {},
): Promise<Result> {
  return await eventually(
    () =>
      work().catch((error: unknown) => {
        onRetry();
        throw error;
      }),
    { timeoutMs: 60_000, everyMs: 50 },
  );
}

function pick<Choice>(choices: readonly Choice[]): Choice {
  return choices[Math.floor(run.random.next() * choices.length)] as Choice;
}

async function startMesh() {
  const broker = await startOwnBroker();
  onTestFinished(broker.remove);
  const common = { KAFKA_BROKERS: broker.brokers.join(","), AUTH: "off" };
  const urls: Record<string, string> = {};
  async function start(app: ProgramName, environment: Readonly<Record<string, string>> = {}) {
    const database = await freshDatabase();
    onTestFinished(database.drop);
    urls[app] = database.url;
    const variables = { ...common, [`${app.toUpperCase()}_DATABASE_URL`]: database.url, ...environment };
    const service = await startServiceProcess(app, variables);
    onTestFinished(async () => void (await service.stop()));
    return service;
  }
  const addressOf = ({ port }: { readonly port: number }) => `127.0.0.1:${port}`;
  const [loms, product, payments] = await Promise.all([start("loms"), start("product"), start("payments")]);
  const upstreams = {
    LOMS_ADDRESS: addressOf(loms),
    PRODUCT_ADDRESS: addressOf(product),
    PAYMENTS_ADDRESS: addressOf(payments),
  };
  const tables = await start("tables", {
    ...upstreams,
    TABLES_KEY: randomBytes(32).toString("base64"),
    TABLES_RECOVERY_AFTER_MS: "1000",
  });
  const gateway = await start("gateway", {
    ...upstreams,
    TABLES_ADDRESS: addressOf(tables),
    GATEWAY_ADDRESS_REQUESTS_PER_SECOND: "100000",
    GATEWAY_ADDRESS_REQUESTS_BURST: "100000",
  });
  const grpc = await openGrpcClient(TablesService, addressOf(tables), { timeoutMs: 10_000 });
  onTestFinished(grpc.close);
  const url = `http://${addressOf(gateway)}`;
  const web: Client<typeof TablesService> = clientOf(url, TablesService);
  const places = clientOf(url, LocationsService);

  const { location } = await places.createLocation({
    location: { name: "House", address: "Street 1", ownerUserId: 1n },
  });
  const locationId = location?.locationId ?? 0n;
  const price = { currencyCode: "EUR", amountMinor: 250n };
  const { item } = await places.upsertMenuItem({ locationId, item: { name: "Espresso", price } });
  const { session } = await grpc.client.openSession({ locationId, name: "Table 1" });
  const { sessionId = 0n, code = "" } = session ?? {};
  return {
    sessionId,
    sku: item?.sku ?? 0,
    staff: grpc.client,
    tables,
    gateway,
    watches: [
      watchByStream(grpc.client, sessionId, Number.POSITIVE_INFINITY),
      watchByStream(web, sessionId),
      watchByWebSocket(`ws://${addressOf(gateway)}/ws/session/${code}`),
    ],
    expectVerifyClean: () =>
      expectVerifyClean({
        lomsDatabaseUrl: urls.loms ?? "",
        paymentsDatabaseUrl: urls.payments ?? "",
        tablesDatabaseUrl: urls.tables ?? "",
        tablesSettleSeconds: 0,
        paymentsSettleSeconds: 0,
        kafkaBrokers: broker.brokers,
      }),
  };
}
