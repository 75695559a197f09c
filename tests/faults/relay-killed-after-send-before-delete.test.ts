import { createKafkaClient } from "@ordermesh/kafka/client";
import { findRanges } from "@ordermesh/kafka/read-to-end";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { freshDatabase } from "@ordermesh/testkit/fresh-database";
import { startOwnBroker } from "@ordermesh/testkit/own-broker";
import { testLogger } from "@ordermesh/testkit/test-logger";
import postgres from "postgres";
import { expect, onTestFinished, test } from "vitest";
import { faultRun } from "../harness/fault-run.ts";
import { openGrpcClient } from "../harness/grpc-client.ts";
import { expectEachNotifiedOnce } from "../harness/notified.ts";
import { readOrderSightings } from "../harness/order-sightings.ts";
import { startServiceProcess } from "../harness/service-process.ts";
import { expectVerifyClean } from "../harness/verify-clean.ts";

/*
 * F02: the relay has Kafka's acknowledgement and is killed before it deletes what it has sent. The next one must send
 * it again: the events are there twice, with the same ids, and none is missing. Their consumer drops the repeats.
 *
 * The moment is not left to chance: the broker is away while orders are placed, and a row lock on the outbox, which
 * lets the relay read but not delete, holds it exactly there.
 */

const ordersPerRound = 20;
const eventsPerOrder = 2;
const topic = "orders.events.v1";
const run = faultRun("relay killed after the send, before the delete", { short: 1, whole: 2, long: 100 });

test("events that were sent but not deleted are sent again", { timeout: run.timeoutMs(10_000) }, async () => {
  const broker = await startOwnBroker();
  onTestFinished(broker.remove);
  const database = await freshDatabase();
  onTestFinished(database.drop);
  const notificationsDatabase = await freshDatabase();
  onTestFinished(notificationsDatabase.drop);
  const sql = postgres(database.url, { max: 2, onnotice: () => {} });
  onTestFinished(() => sql.end({ timeout: 5 }));
  const kafka = { KAFKA_BROKERS: broker.brokers.join(",") };
  const loms = await startServiceProcess("loms", { ...kafka, LOMS_DATABASE_URL: database.url });
  onTestFinished(async () => void (await loms.stop()));
  const { client, close } = await openGrpcClient(LomsService, `127.0.0.1:${loms.port}`);
  onTestFinished(close);

  const kafkaClient = createKafkaClient({ brokers: broker.brokers, clientId: "test", logger: testLogger() });
  const recordsOnTopic = async () =>
    ((await findRanges(kafkaClient, topic)) ?? []).reduce(
      (sum, { low, high }) => sum + Number(high - low),
      0,
    );
  await client.receiveStock({
    idempotencyKey: "receive",
    receipts: [{ sku: 1, warehouseId: 220n, quantity: 1_000_000 }],
  });
  await eventually(async () => expect(await recordsOnTopic()).toBe(0));
  let expectedRepeats = 0;

  for (let round = 0; round < run.rounds; round += 1) {
    const before = await recordsOnTopic();
    await broker.stop();
    for (let index = 0; index < ordersPerRound; index += 1) {
      const idempotencyKey = `round ${round}, order ${index}`;
      // The client may still be waiting to connect again after the round before: it repeats, with the same key.
      await eventually(() =>
        client.createOrder({ userId: 1n, idempotencyKey, lines: [{ sku: 1, quantity: 1 }] }),
      );
    }
    await sql.begin(async (tx) => {
      await tx`select from outbox for update`;
      await broker.start();
      // Only a relay that has been answered by the broker goes on to delete, and there it waits for our lock.
      await eventually(async () => expect(await deletesWaiting(sql)).toBe(1), { timeoutMs: 30_000 });
      await loms.kill();
      // Its last words, delete and commit, have reached the server and wait there: they die as well.
      await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'relay' and datname = current_database()`;
      expectedRepeats += (await recordsOnTopic()) - before;
    });
    await loms.restart();
    await eventually(async () => expect((await sql`select from outbox`).length).toBe(0), {
      timeoutMs: 30_000,
    });
  }

  const { events, repeats, outOfOrder } = await readOrderSightings(broker.brokers);
  run.report({ kills: run.rounds, events, "events sent again": repeats });
  expect(outOfOrder).toEqual([]);
  expect(repeats).toBe(expectedRepeats);
  expect(repeats).toBeGreaterThanOrEqual(run.rounds);
  expect(events).toBe(run.rounds * ordersPerRound * eventsPerOrder);

  const notifications = await startServiceProcess("notifications", {
    ...kafka,
    NOTIFICATIONS_DATABASE_URL: notificationsDatabase.url,
  });
  onTestFinished(async () => void (await notifications.stop()));
  await expectEachNotifiedOnce(notificationsDatabase.url, events);
  await expectVerifyClean({
    lomsDatabaseUrl: database.url,
    notificationsDatabaseUrl: notificationsDatabase.url,
    kafkaBrokers: broker.brokers,
  });
});

/** How many relays wait to delete what they have sent. */
async function deletesWaiting(sql: postgres.Sql): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int from pg_stat_activity
    where application_name = 'relay' and datname = current_database() and wait_event_type = 'Lock'
      and query ilike 'delete from outbox%'`;
  return row?.count ?? 0;
}
