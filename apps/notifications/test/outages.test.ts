import { Code } from "@connectrpc/connect";
import { eventually } from "@ordermesh/testkit/eventually";
import { startTcpProxy } from "@ordermesh/testkit/tcp-proxy";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ordersTopic } from "../src/events/incoming.ts";
import { startNotifications } from "../src/service.ts";
import {
  createNotificationsHarness,
  type NotificationsHarness,
  notificationsOf,
  testConfig,
} from "./notifications-harness.ts";
import { orderRecord } from "./order-records.ts";

let harness: NotificationsHarness;
beforeEach(async () => {
  harness = await createNotificationsHarness();
});
afterEach(() => harness.close());

async function readyz(address: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://${address}/readyz`);
  return { status: response.status, text: await response.text() };
}

test("it waits for Kafka, says so, and is ready once its events are consumed", async () => {
  await harness.broker.stop();
  const service = await startNotifications(testConfig(harness.database.url, harness.broker.brokers));
  await service.ready;
  const address = `127.0.0.1:${service.address.port}`;
  await eventually(async () => {
    expect(await readyz(address)).toMatchObject({
      status: 503,
      text: expect.stringContaining("is Kafka up?"),
    });
  });
  await harness.broker.start();
  await eventually(async () => expect(await readyz(address)).toMatchObject({ status: 200 }));
  await service.stop();
});

test("it can be stopped while it waits for Kafka, and while it waits for the database", async () => {
  await harness.broker.stop();
  const withoutKafka = await startNotifications(testConfig(harness.database.url, harness.broker.brokers));
  await withoutKafka.ready;
  await withoutKafka.stop();
  const withoutDatabase = await startNotifications(
    testConfig("postgres://nobody@127.0.0.1:1/nowhere", harness.broker.brokers),
  );
  const ready = expect(withoutDatabase.ready).rejects.toThrow();
  await withoutDatabase.stop();
  await ready;
});

test("while the database is away calls fail at once and events wait; then all is made up for", async () => {
  const target = new URL(harness.database.url);
  const proxy = await startTcpProxy({ host: target.hostname, port: Number(target.port) });
  const url = new URL(target);
  url.port = `${proxy.port}`;
  const { client, address } = await harness.startService({ databaseUrl: url.href });

  proxy.refuse();
  await eventually(async () => expect(await readyz(address)).toMatchObject({ status: 503 }));
  const records = Array.from({ length: 20 }, (_, index) =>
    orderRecord({ eventId: index, kind: "paid", userId: 1 }),
  );
  await harness.producer.publish(ordersTopic.name, records);
  await expect(client.listNotifications({ userId: 1n })).rejects.toMatchObject({ code: Code.Unavailable });
  await expect(client.setPreferences({ preferences: { userId: 1n } })).rejects.toMatchObject({
    code: Code.Unavailable,
  });

  proxy.heal();
  expect(await notificationsOf(client, 1n, 20)).toHaveLength(20);
  await eventually(async () => expect(await readyz(address)).toMatchObject({ status: 200 }));
  expect(await harness.deadLetters()).toEqual([]);
  await harness.close();
  await proxy.close();
});
