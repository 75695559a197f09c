import { readNotificationsConfig } from "@ordermesh/app-notifications/config";
import { startNotifications } from "@ordermesh/app-notifications/service";
import { createKafkaClient } from "@ordermesh/kafka/client";
import { findRanges } from "@ordermesh/kafka/read-to-end";
import { deadLetterTopic } from "@ordermesh/kafka/topics";
import { redriveDeadLetters } from "@ordermesh/ordermesh/redrive";
import { eventually } from "@ordermesh/testkit/eventually";
import { freshDatabase } from "@ordermesh/testkit/fresh-database";
import { testLogger } from "@ordermesh/testkit/test-logger";
import postgres from "postgres";
import { expect, test } from "vitest";
import { startLomsReplicas } from "../harness/loms-replicas.ts";
import { expectVerifyClean } from "../harness/verify-clean.ts";

/*
 * F17: notifications of one buyer can not be written, for a reason that is none of the events'. They become dead
 * letters, everybody else's go on, and once the cause is mended `redrive` brings them back: each has its notification,
 * once, and redriving again changes nothing.
 */
test("what could not be handled comes back when it can", async () => {
  const loms = await startLomsReplicas(1);
  const database = await freshDatabase();
  const notifications = await startNotifications(
    readNotificationsConfig({
      NOTIFICATIONS_HOST: "127.0.0.1",
      NOTIFICATIONS_PORT: "0",
      NOTIFICATIONS_DATABASE_URL: database.url,
      KAFKA_BROKERS: loms.broker.brokers.join(","),
      AUTH: "off",
      LOG_LEVEL: "error",
      LOG_FORMAT: "readable",
    }),
  );
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  const place = (userId: bigint, key: string) =>
    loms.orders.createOrder({ userId, idempotencyKey: key, lines: [{ sku: 1, quantity: 1 }] });
  const countOf = async (userId: number) => {
    const [row] = await sql`select count(*)::int as count from notifications where user_id = ${userId}`;
    return row?.count;
  };
  const kafka = createKafkaClient({ brokers: loms.broker.brokers, clientId: "test", logger: testLogger() });
  const deadLetters = async () =>
    (
      (await findRanges(kafka, deadLetterTopic("orders.events.v1", "notifications.order-events"))) ?? []
    ).reduce((sum, { low, high }) => sum + Number(high - low), 0);
  const redrive = () =>
    redriveDeadLetters({
      brokers: loms.broker.brokers,
      topic: "orders.events.v1",
      group: "notifications.order-events",
      logger: testLogger(),
    });

  try {
    await notifications.ready;
    await loms.orders.receiveStock({
      idempotencyKey: "receive",
      receipts: [{ sku: 1, warehouseId: 220n, quantity: 100 }],
    });
    await sql`alter table notifications add constraint unlucky check (user_id <> 13)`;
    for (let index = 0; index < 5; index += 1) {
      await place(13n, `${index}`);
      await place(14n, `${index}`);
    }
    await eventually(async () => expect(await countOf(14)).toBe(10), { timeoutMs: 60_000 });
    await eventually(async () => expect(await deadLetters()).toBe(10), { timeoutMs: 60_000 });
    expect(await countOf(13)).toBe(0);

    await sql`alter table notifications drop constraint unlucky`;
    const sent = await redrive();
    expect(sent).toBe(10);
    await eventually(async () => expect(await countOf(13)).toBe(10), { timeoutMs: 30_000 });
    process.stdout.write(`dead letters: ${sent} sent back, all handled\n`);
    expect(await redrive()).toBe(0);
    await expectVerifyClean({
      lomsDatabaseUrl: loms.database.url,
      notificationsDatabaseUrl: database.url,
      kafkaBrokers: loms.broker.brokers,
    });
  } finally {
    await sql.end();
    await notifications.stop();
    await loms.stop();
    await database.drop();
  }
});
