import { eventually } from "@ordermesh/testkit/eventually";
import { type OwnBroker, startOwnBroker } from "@ordermesh/testkit/own-broker";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ensureTopics } from "../src/topics.ts";
import { createKafkaHarness, type KafkaHarness, numbered, textOf } from "./kafka-harness.ts";

let broker: OwnBroker;
let harness: KafkaHarness;
beforeEach(async () => {
  broker = await startOwnBroker();
  harness = createKafkaHarness(broker.brokers);
});
afterEach(async () => {
  await harness.close();
  await broker.remove();
});

test("a consumer joins again after its broker was away, says so meanwhile, and misses nothing", async () => {
  const topic = await harness.createTopic(3);
  const handled: string[] = [];
  const consumer = harness.startConsumer(topic, {
    handle: async (records) => {
      handled.push(...records.map(textOf));
    },
  });
  await harness.producer.publish(topic, numbered(30, { keys: 10 }));
  await eventually(() => expect(handled).toHaveLength(30));
  expect(consumer.isRunning()).toBe(true);

  await broker.stop();
  await eventually(() => expect(consumer.isRunning()).toBe(false));
  expect(await consumer.metrics.metrics()).toMatch(/ordermesh_consumer_running\{.*\} 0/);
  await broker.start();
  await eventually(() => harness.producer.publish(topic, numbered(30, { keys: 10, first: 30 })));
  await eventually(() => expect(new Set(handled).size).toBe(60));
  expect(consumer.isRunning()).toBe(true);
});

test("a consumer that starts before its broker waits for it", async () => {
  const topic = await harness.createTopic(1);
  await broker.stop();
  const handled: string[] = [];
  const consumer = harness.startConsumer(topic, {
    handle: async (records) => {
      handled.push(...records.map(textOf));
    },
  });
  await broker.start();
  await eventually(() => expect(consumer.isRunning()).toBe(true));
  await harness.producer.publish(topic, numbered(1, { keys: 1 }));
  await eventually(() => expect(handled).toEqual(["0"]));
});

test("a producer refuses while its broker is away, and is replaced when it is back", async () => {
  const topic = await harness.createTopic(1);
  await harness.producer.publish(topic, numbered(1, { keys: 1 }));
  await broker.stop();
  const refused = harness.producer.publish(topic, numbered(1, { keys: 1, first: 1 }));
  await expect(refused).rejects.toMatchObject({ kind: "unavailable", reason: "KAFKA_UNAVAILABLE" });
  await broker.start();
  await harness.producer.publish(topic, numbered(1, { keys: 1, first: 2 }));
  expect((await harness.readAll(topic)).map(textOf)).toEqual(["0", "2"]);
});

test("topics are created once the broker is there, and once only", async () => {
  await broker.stop();
  const topics = [{ name: "late", partitions: 5 }];
  const created = ensureTopics(harness.client, topics, AbortSignal.timeout(30_000));
  await broker.start();
  await created;
  await ensureTopics(
    harness.client,
    [...topics, { name: "later", partitions: 2 }],
    AbortSignal.timeout(30_000),
  );
  const admin = harness.client.kafka.admin();
  await admin.connect();
  const { topics: found } = await admin.fetchTopicMetadata({ topics: ["late", "later"] });
  await admin.disconnect();
  const partitionsOf = Object.fromEntries(found.map(({ name, partitions }) => [name, partitions.length]));
  expect(partitionsOf).toEqual({ late: 5, later: 2 });
});

test("waiting for a broker ends with the signal", async () => {
  await broker.stop();
  const ending = new AbortController();
  const waiting = ensureTopics(harness.client, [{ name: "never", partitions: 1 }], ending.signal);
  ending.abort(new Error("stopping"));
  await expect(waiting).rejects.toThrow("stopping");
});
