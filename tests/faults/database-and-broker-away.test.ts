import { Code, ConnectError } from "@connectrpc/connect";
import { startLoms } from "@ordermesh/app-loms/service";
import { createKafkaClient } from "@ordermesh/kafka/client";
import { findRanges } from "@ordermesh/kafka/read-to-end";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { freshDatabase } from "@ordermesh/testkit/fresh-database";
import { startOwnBroker } from "@ordermesh/testkit/own-broker";
import { startTcpProxy } from "@ordermesh/testkit/tcp-proxy";
import { testLogger } from "@ordermesh/testkit/test-logger";
import { expect, test } from "vitest";
import { openGrpcClient } from "../harness/grpc-client.ts";
import { lomsDefaults } from "../harness/loms-replicas.ts";
import { expectVerifyClean } from "../harness/verify-clean.ts";

/*
 * A service comes up in any order with its database and its broker, and outlives both: it says at once that it can not
 * serve, keeps nobody waiting, and heals by itself.
 */

async function readyz(port: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_000) });
  return response.status;
}

test("started before its database and its broker, cut off from both, and healed", async () => {
  const broker = await startOwnBroker();
  const database = await freshDatabase();
  const server = new URL(database.url);
  const proxy = await startTcpProxy({ host: server.hostname, port: Number(server.port) });
  const proxied = new URL(database.url);
  proxied.port = `${proxy.port}`;
  await broker.stop();
  proxy.refuse();

  const loms = await startLoms({
    ...lomsDefaults,
    databaseUrl: proxied.href,
    databaseTimeoutMs: 1_000,
    kafkaBrokers: broker.brokers,
  });
  const { port } = loms.address;
  const { client, close } = await openGrpcClient(LomsService, `127.0.0.1:${port}`);
  const place = (key: string) =>
    client.createOrder({ userId: 1n, idempotencyKey: key, lines: [{ sku: 1, quantity: 1 }] });
  const codeOf = async (call: Promise<unknown>) =>
    ConnectError.from(
      await call.then(
        () => new Error("It succeeded."),
        (thrown) => thrown,
      ),
    ).code;
  const kafka = createKafkaClient({ brokers: broker.brokers, clientId: "test", logger: testLogger() });

  try {
    // Neither is up: the process lives, is not ready, and answers.
    expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200);
    expect(await readyz(port)).toBe(503);
    expect(await codeOf(place("too early"))).toBe(Code.Unavailable);

    // The database comes first: orders are taken, and their events wait.
    proxy.heal();
    await loms.ready;
    await eventually(async () => expect(await readyz(port)).toBe(200));
    await client.receiveStock({
      idempotencyKey: "receive",
      receipts: [{ sku: 1, warehouseId: 220n, quantity: 1_000 }],
    });
    await place("without a broker");
    await broker.start();
    await eventually(async () => {
      const ranges = (await findRanges(kafka, "orders.events.v1")) ?? [];
      expect(ranges.reduce((sum, { low, high }) => sum + Number(high - low), 0)).toBe(2);
    });

    // The database goes away: nobody waits for it, and all of it heals. (Silent: black-holed-links.test.ts.)
    proxy.refuse();
    await eventually(async () => expect(await readyz(port)).toBe(503));
    expect(await codeOf(place("away"))).toBe(Code.Unavailable);
    proxy.heal();
    await eventually(async () => expect(await readyz(port)).toBe(200));
    await eventually(() => place("back"));
    expect(proxy.faults()).toBeGreaterThan(3);
    await expectVerifyClean({ lomsDatabaseUrl: database.url, kafkaBrokers: broker.brokers });
  } finally {
    close();
    await loms.stop();
    await proxy.close();
    await broker.remove();
    await database.drop();
  }
});
