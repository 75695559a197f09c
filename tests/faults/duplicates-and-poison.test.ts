import { createKafkaClient, type KafkaClient } from "@ordermesh/kafka/client";
import { createProducer } from "@ordermesh/kafka/producer";
import { readToEnd } from "@ordermesh/kafka/read-to-end";
import type { IncomingRecord, OutgoingRecord } from "@ordermesh/kafka/record";
import { deadLetterTopic, ensureTopics } from "@ordermesh/kafka/topics";
import { redriveDeadLetters } from "@ordermesh/ordermesh/redrive";
import { runVerify } from "@ordermesh/ordermesh/verify/run-verify";
import { createStopList, type StopList } from "@ordermesh/process/stop-in-order";
import { eventually } from "@ordermesh/testkit/eventually";
import { freshDatabase } from "@ordermesh/testkit/fresh-database";
import { startOwnBroker } from "@ordermesh/testkit/own-broker";
import type { SeededRandom } from "@ordermesh/testkit/seeded-random";
import { testLogger } from "@ordermesh/testkit/test-logger";
import postgres from "postgres";
import { expect, onTestFinished, test } from "vitest";
import { faultRun } from "../harness/fault-run.ts";
import { type LomsReplicas, startLomsReplicas } from "../harness/loms-replicas.ts";
import { startServiceProcess } from "../harness/service-process.ts";
import { deliverUnruly, mixIn } from "../harness/unruly-delivery.ts";

/*
 * F17 and F18: what LOMS has told on one broker is told to notifications on another one as badly as can be: each event
 * one to five times, shuffled across orders, stale repeats after newer events; between them records that are no events,
 * events of a type that nobody knows yet, and events that can not be applied. What notifications has made of it is
 * what LOMS has told. The rest are dead letters, which come back when they can.
 */

const topic = "orders.events.v1";
const group = "notifications.order-events";
const deadLetters = deadLetterTopic(topic, group);
/** Whose notifications can not be written, for a reason that is none of the events'. */
const unluckyUser = 13n;
const run = faultRun("duplicates, disorder and poison", { short: 1, whole: 1, long: 20 });

test("repeated, shuffled and mixed with poison, each event has its one effect", {
  timeout: run.timeoutMs(60_000),
}, async () => {
  const totals: Record<string, number> = {};
  for (let round = 0; round < run.rounds; round += 1) {
    const parts = createStopList();
    onTestFinished(parts.stopAll);
    for (const [name, count] of Object.entries(await tellBadly(run.random, parts))) {
      totals[name] = (totals[name] ?? 0) + count;
    }
    await parts.stopAll();
  }
  run.report(totals);
});

async function tellBadly(random: SeededRandom, parts: StopList): Promise<Record<string, number>> {
  const loms = await startLomsReplicas(1);
  parts.add("loms", loms.stop);
  const unluckyOrder = await placeOrders(loms, random);
  await loms.expectVerifyClean();
  const told = (await readAll(clientOf(loms.broker.brokers), topic)).map(outgoing);
  const isFailing = (record: OutgoingRecord) => record.key === `${unluckyOrder}`;

  const { kafka, brokers, sql, databaseUrl } = await startNotifications(parts);
  const noEvents = makeNoEvents(random.pick(told.filter(isFirstOfOrder)));
  const unknown = ofUnknownType(random.pick(told));
  const deliveries = mixIn(
    deliverUnruly(told, random, (record) => (isFailing(record) ? 2 : 5)),
    [...noEvents, unknown],
    random,
  );
  await publishAll(kafka, deliveries, random);

  // Everything that can be applied is, and nothing else waits for what can not.
  const failing = told.filter(isFailing);
  const failingDeliveries = deliveries.filter((record) => failing.includes(record)).length;
  const applied = told.filter((record) => !isFailing(record));
  await expectEffects(sql, applied, [unknown]);
  await untilDeadLetters(kafka, failingDeliveries + noEvents.length);
  await expectDeadLetters(kafka);

  // Once the cause is mended, they come back; what is no event stays a dead letter, and harms nobody.
  await sql`alter table notifications drop constraint unlucky`;
  const redrive = () => redriveDeadLetters({ brokers, topic, group, logger: testLogger() });
  expect(await redrive()).toBe(failingDeliveries + noEvents.length);
  await untilDeadLetters(kafka, failingDeliveries + 2 * noEvents.length);
  expect(await redrive()).toBe(noEvents.length);
  await untilDeadLetters(kafka, failingDeliveries + 3 * noEvents.length);
  await expectEffects(sql, told, [unknown]);
  await expectDeadLetters(kafka);

  // Verify names the records that are no order events, those that were sent back too, and finds nothing else.
  const lomsDatabaseUrl = loms.database.url;
  const targets = { lomsDatabaseUrl, notificationsDatabaseUrl: databaseUrl, kafkaBrokers: brokers };
  const results = await runVerify(targets, testLogger());
  const findings = results.flatMap((result) => result.findings.map(({ text }) => text));
  const illegible = noEvents.filter((record) => record.headers.ce_id !== undefined).length;
  expect(findings.filter((text) => /^record \d+\/\d+ is no order event$/.test(text))).toEqual(findings);
  expect(findings).toHaveLength(3 * illegible + 1);

  expect(deliveries.length).toBeGreaterThan(told.length * 2);
  expect(failingDeliveries).toBeGreaterThan(0);
  return {
    events: told.length,
    deliveries: deliveries.length,
    "no events": noEvents.length,
    "events that could not be applied": failing.length,
    "dead letters sent back": failingDeliveries + 2 * noEvents.length,
  };
}

function clientOf(brokers: readonly string[]): KafkaClient {
  return createKafkaClient({ brokers, clientId: "test", logger: testLogger() });
}

/** Orders that are paid, canceled, left, and refused. @returns the unlucky user's. */
async function placeOrders({ orders }: LomsReplicas, random: SeededRandom): Promise<bigint> {
  await orders.receiveStock({
    idempotencyKey: "receive",
    receipts: [{ sku: 1, warehouseId: 220n, quantity: 1_000 }],
  });
  const place = (userId: bigint, index: number, quantity: number) =>
    orders.createOrder({ userId, idempotencyKey: `${index}`, lines: [{ sku: 1, quantity }] });
  for (let index = 0; index < 40; index += 1) {
    const end = random.pick(["pay", "cancel", "leave", "fail"]);
    const quantity = end === "fail" ? 10_000 : 1;
    const { orderId } = await place(BigInt(random.integer(1, 10)), index, quantity);
    if (end === "pay") {
      await orders.payOrder({ orderId });
    } else if (end === "cancel") {
      await orders.cancelOrder({ orderId });
    }
  }
  return (await place(unluckyUser, 0, 1)).orderId;
}

/** A broker to which nobody but this test writes, and notifications, which can not write to the unlucky user. */
async function startNotifications(parts: StopList) {
  const broker = await startOwnBroker();
  parts.add("broker", broker.remove);
  const database = await freshDatabase();
  parts.add("database", database.drop);
  const kafka = clientOf(broker.brokers);
  await ensureTopics(kafka, [{ name: topic, partitions: 12 }], AbortSignal.timeout(20_000));
  const notifications = await startServiceProcess("notifications", {
    NOTIFICATIONS_DATABASE_URL: database.url,
    KAFKA_BROKERS: broker.brokers.join(","),
  });
  parts.add("notifications", async () => void (await notifications.stop()));
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  parts.add("sql", () => sql.end({ timeout: 5 }));
  await sql.unsafe(`alter table notifications add constraint unlucky check (user_id <> ${unluckyUser})`);
  return { kafka, brokers: broker.brokers, sql, databaseUrl: database.url };
}

async function readAll(client: KafkaClient, name: string): Promise<IncomingRecord[]> {
  const records: IncomingRecord[] = [];
  const onRecords = (read: readonly IncomingRecord[]) => void records.push(...read);
  await readToEnd({ client, topic: name, timeoutMs: 30_000, onRecords });
  return records;
}

function outgoing({ key, value, headers }: IncomingRecord): OutgoingRecord {
  return { key, value, headers };
}

function isFirstOfOrder({ headers }: OutgoingRecord): boolean {
  return headers.ce_type === "ordermesh.events.v1.OrderCreated";
}

/** Records that only look like this event. */
function makeNoEvents({ key, value, headers }: OutgoingRecord): OutgoingRecord[] {
  const { ce_id: _, ...withoutId } = headers;
  return [
    { key, value: new Uint8Array([0xff, 0xff, 0xff]), headers: { ...headers, ce_id: "no-protobuf" } },
    { key, value: new Uint8Array(), headers: { ...headers, ce_id: "no-order" } },
    { key, value, headers: withoutId },
  ];
}

function ofUnknownType({ key, value, headers }: OutgoingRecord): OutgoingRecord {
  return {
    key,
    value,
    headers: { ...headers, ce_id: "new", ce_type: "ordermesh.events.v1.OrderGiftWrapped" },
  };
}

async function publishAll(
  kafka: KafkaClient,
  records: readonly OutgoingRecord[],
  random: SeededRandom,
): Promise<void> {
  const producer = createProducer(kafka);
  for (let start = 0; start < records.length; ) {
    const end = start + random.integer(1, 40);
    await producer.publish(topic, records.slice(start, end));
    start = end;
  }
  await producer.close();
}

/** Each of these events has one notification, in order per order, and its place in the inbox; and no other has. */
async function expectEffects(
  sql: postgres.Sql,
  events: readonly OutgoingRecord[],
  skipped: readonly OutgoingRecord[],
): Promise<void> {
  const idsOf = (records: readonly OutgoingRecord[]) => records.map(({ headers }) => headers.ce_id ?? "");
  await eventually(
    async () => {
      const inbox = await sql<{ event_id: string }[]>`select event_id from inbox`;
      expect(inbox.map((row) => row.event_id).sort()).toEqual(idsOf([...events, ...skipped]).sort());
    },
    { timeoutMs: 60_000 },
  );
  const rows = await sql<{ order_id: string; event_id: string; event_type: string }[]>`
    select order_id::text, event_id, event_type from notifications order by id`;
  expect(rows).toHaveLength(events.length);
  for (const key of new Set(events.map((event) => event.key))) {
    const made = rows.filter((row) => row.order_id === key);
    const told = events.filter((event) => event.key === key);
    expect(made.map((row) => [row.event_id, row.event_type])).toEqual(
      told.map(({ headers }) => [headers.ce_id, headers.ce_type]),
    );
  }
}

async function untilDeadLetters(kafka: KafkaClient, count: number): Promise<void> {
  await eventually(async () => expect(await readDeadLetters(kafka)).toHaveLength(count), {
    timeoutMs: 60_000,
    everyMs: 200,
  });
}

/** Without the records that say of others that they were sent back. */
async function readDeadLetters(kafka: KafkaClient): Promise<IncomingRecord[]> {
  const records = await readAll(kafka, deadLetters);
  return records.filter(({ headers }) => headers.dead_letter_redriven === undefined);
}

/** Each dead letter is the record that stands where it says, with its headers, and tells why it was given up. */
async function expectDeadLetters(kafka: KafkaClient): Promise<void> {
  const places = new Map(
    (await readAll(kafka, topic)).map((record) => [`${record.partition}/${record.offset}`, record]),
  );
  for (const { key, value, headers } of await readDeadLetters(kafka)) {
    const origin = places.get(`${headers.dead_letter_partition}/${headers.dead_letter_offset}`);
    expect({ key, value }).toEqual({ key: origin?.key, value: origin?.value });
    expect(headers).toMatchObject({
      ...origin?.headers,
      dead_letter_group: group,
      dead_letter_topic: topic,
    });
    const isEvent = /^\d+$/.test(headers.ce_id ?? "");
    expect(headers.dead_letter_attempts).toBe(isEvent ? "5" : "1");
    expect(headers.dead_letter_reason).toMatch(
      isEvent ? /unlucky/ : /ce_id is missing|is no ordermesh|does not say which order/,
    );
  }
}
