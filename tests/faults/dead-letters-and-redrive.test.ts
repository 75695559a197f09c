import { createKafkaClient } from "@ordermesh/kafka/client";
import { findRanges } from "@ordermesh/kafka/read-to-end";
import { deadLetterTopic } from "@ordermesh/kafka/topics";
import { redriveDeadLetters } from "@ordermesh/ordermesh/redrive";
import { eventually } from "@ordermesh/testkit/eventually";
import { freshDatabase } from "@ordermesh/testkit/fresh-database";
import { testLogger } from "@ordermesh/testkit/test-logger";
import postgres from "postgres";
import { expect, onTestFinished, test } from "vitest";
import { faultRun } from "../harness/fault-run.ts";
import { startLomsReplicas } from "../harness/loms-replicas.ts";
import { startServiceProcess } from "../harness/service-process.ts";

/*
 * F17: notifications of one buyer can not be written, for a reason that is none of the events'. They become dead
 * letters, everybody else's go on, and once the cause is mended `redrive` brings them back: each has its notification,
 * once, and redriving again changes nothing.
 */

const topic = "orders.events.v1";
const group = "notifications.order-events";
const unluckyUser = 13;
const ordersPerRound = 2;
const eventsPerRound = 2 * ordersPerRound;
const run = faultRun("dead letters and redrive", { short: 1, whole: 1, long: 20 });

test("what could not be handled comes back when it can", { timeout: run.timeoutMs(30_000) }, async () => {
  const loms = await startLomsReplicas(1);
  onTestFinished(loms.stop);
  const { brokers } = loms.broker;
  const database = await freshDatabase();
  onTestFinished(database.drop);
  const notifications = await startServiceProcess("notifications", {
    NOTIFICATIONS_DATABASE_URL: database.url,
    KAFKA_BROKERS: brokers.join(","),
  });
  onTestFinished(async () => void (await notifications.stop()));
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  onTestFinished(() => sql.end({ timeout: 5 }));
  const kafka = createKafkaClient({ brokers, clientId: "test", logger: testLogger() });

  const place = (userId: number, idempotencyKey: string) =>
    loms.orders.createOrder({ userId: BigInt(userId), idempotencyKey, lines: [{ sku: 1, quantity: 1 }] });
  const expectNotified = (userId: number, expected: number) =>
    eventually(
      async () => {
        const [row] = await sql`select count(*)::int as count from notifications where user_id = ${userId}`;
        expect(row?.count).toBe(expected);
      },
      { timeoutMs: 60_000 },
    );
  const expectDeadLetters = (expected: number) =>
    eventually(
      async () => {
        const ranges = (await findRanges(kafka, deadLetterTopic(topic, group))) ?? [];
        expect(ranges.reduce((sum, { low, high }) => sum + Number(high - low), 0)).toBe(expected);
      },
      { timeoutMs: 60_000 },
    );
  const redrive = () => redriveDeadLetters({ brokers, topic, group, logger: testLogger() });

  await loms.orders.receiveStock({
    idempotencyKey: "receive",
    receipts: [{ sku: 1, warehouseId: 220n, quantity: 1_000 }],
  });
  for (let round = 0; round < run.rounds; round += 1) {
    const before = round * eventsPerRound;
    const after = before + eventsPerRound;
    // Of earlier rounds there are notifications already, which the constraint leaves alone.
    await sql.unsafe(
      `alter table notifications add constraint unlucky check (user_id <> ${unluckyUser}) not valid`,
    );
    for (let index = 0; index < ordersPerRound; index += 1) {
      await place(unluckyUser, `${round}/${index}`);
      await place(14, `${round}/${index}`);
    }
    await expectNotified(14, after);
    await expectDeadLetters(after);
    await expectNotified(unluckyUser, before);

    await sql`alter table notifications drop constraint unlucky`;
    expect(await redrive()).toBe(eventsPerRound);
    await expectNotified(unluckyUser, after);
    expect(await redrive()).toBe(0);
  }
  run.report({ "dead letters, all sent back and handled": run.rounds * eventsPerRound });
  await loms.expectVerifyClean(database.url);
});
