import { createKafkaClient } from "@ordermesh/kafka/client";
import { findRanges, readToEnd } from "@ordermesh/kafka/read-to-end";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { freshDatabase } from "@ordermesh/testkit/fresh-database";
import { startOwnBroker } from "@ordermesh/testkit/own-broker";
import { testLogger } from "@ordermesh/testkit/test-logger";
import postgres from "postgres";
import { expect, test } from "vitest";
import { openGrpcClient } from "../harness/grpc-client.ts";
import { startServiceProcess } from "../harness/service-process.ts";
import { expectVerifyClean } from "../harness/verify-clean.ts";

/*
 * F02: the relay has Kafka's acknowledgement and is killed before it deletes what it has sent. The next one must send
 * it again: the events are there twice, with the same ids, and none is missing.
 *
 * The moment is not left to chance: the broker is away while orders are placed, and a row lock on the outbox, which
 * lets the relay read but not delete, holds it exactly there.
 */

const rounds = Number(process.env.FAULT_ROUNDS ?? 2);
const ordersPerRound = 20;
const topic = "orders.events.v1";

test("events that were sent but not deleted are sent again", async () => {
  const broker = await startOwnBroker();
  const database = await freshDatabase();
  const loms = await startServiceProcess("loms", {
    LOMS_DATABASE_URL: database.url,
    KAFKA_BROKERS: broker.brokers.join(","),
  });
  const { client, close } = await openGrpcClient(LomsService, `127.0.0.1:${loms.port}`);
  const sql = postgres(database.url, { max: 2, onnotice: () => {} });
  const kafka = createKafkaClient({ brokers: broker.brokers, clientId: "test", logger: testLogger() });
  const recordsOnTopic = async () =>
    ((await findRanges(kafka, topic)) ?? []).reduce((sum, { low, high }) => sum + Number(high - low), 0);

  try {
    await client.receiveStock({
      idempotencyKey: "receive",
      receipts: [{ sku: 1, warehouseId: 220n, quantity: 1_000_000 }],
    });
    await eventually(async () => expect(await recordsOnTopic()).toBe(0));
    let expectedDuplicates = 0;

    for (let round = 0; round < rounds; round += 1) {
      const before = await recordsOnTopic();
      await broker.stop();
      for (let index = 0; index < ordersPerRound; index += 1) {
        const key = `round ${round}, order ${index}`;
        // The client may still be waiting to connect again after the round before: it repeats, with the same key.
        await eventually(() =>
          client.createOrder({ userId: 1n, idempotencyKey: key, lines: [{ sku: 1, quantity: 1 }] }),
        );
      }
      await sql.begin(async (tx) => {
        await tx`select from outbox for update`;
        await broker.start();
        await eventually(async () => expect(await recordsOnTopic()).toBeGreaterThan(before), {
          timeoutMs: 30_000,
        });
        await loms.kill();
        // Its last words, delete and commit, may have reached the server and wait for our lock there: they die as well.
        await sql`select pg_terminate_backend(pid) from pg_stat_activity
          where application_name = 'relay' and datname = current_database()`;
        expectedDuplicates += (await recordsOnTopic()) - before;
      });
      await loms.restart();
      await eventually(async () => expect((await sql`select from outbox`).length).toBe(0), {
        timeoutMs: 30_000,
      });
    }

    const sightings = new Map<string, number>();
    await readToEnd({
      client: kafka,
      topic,
      timeoutMs: 30_000,
      onRecords(records) {
        for (const { headers } of records) {
          const id = headers.ce_id ?? "";
          sightings.set(id, (sightings.get(id) ?? 0) + 1);
        }
      },
    });
    const duplicates = [...sightings.values()].reduce((sum, count) => sum + count - 1, 0);
    process.stdout.write(`relay killed: ${rounds} kills after the send, ${duplicates} events sent again\n`);
    expect(duplicates).toBe(expectedDuplicates);
    expect(duplicates).toBeGreaterThanOrEqual(rounds);
    expect(sightings.size).toBe(rounds * ordersPerRound * 2);
    await expectVerifyClean({ lomsDatabaseUrl: database.url, kafkaBrokers: broker.brokers });
  } finally {
    close();
    await sql.end();
    await loms.stop();
    await broker.remove();
    await database.drop();
  }
});
