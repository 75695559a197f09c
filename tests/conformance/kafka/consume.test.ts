import { eventually } from "@ordermesh/testkit/eventually";
import type { Consumer } from "kafkajs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type BrokerUnderTest, startBrokerUnderTest } from "./broker-under-test.ts";
import { type Clients, connectClients, type ReceivedMessage, toReceived, uniqueName } from "./clients.ts";

let broker: BrokerUnderTest;
let clients: Clients;

beforeAll(async () => {
  broker = await startBrokerUnderTest();
});
afterAll(() => broker.stop());
beforeEach(async () => {
  clients = await connectClients(broker.brokers);
});
afterEach(() => clients.close());

describe("consume", () => {
  test("a group resumes where it committed, in another process of the group", async () => {
    const topic = await clients.createTopic("resume", 3);
    const groupId = uniqueName("resume");
    await produce(topic, 0, 30);

    const first = await startReader(topic, groupId);
    await eventually(() => expect(first.received.length).toBe(30));
    await commitAfter(first.consumer, first.received);
    await first.consumer.disconnect();

    await produce(topic, 30, 10);
    const second = await startReader(topic, groupId);
    await eventually(() => expect(second.received.length).toBeGreaterThanOrEqual(10));
    expect(valuesOf(second.received)).toEqual(range(30, 40));
  });

  test("what was not committed comes again", async () => {
    const topic = await clients.createTopic("again", 1);
    const groupId = uniqueName("again");
    await produce(topic, 0, 10);
    const first = await startReader(topic, groupId);
    await eventually(() => expect(first.received.length).toBe(10));
    await commitAfter(first.consumer, first.received.slice(0, 6));
    await first.consumer.disconnect();

    const second = await startReader(topic, groupId);
    await eventually(() => expect(second.received.length).toBeGreaterThanOrEqual(4));
    expect(valuesOf(second.received)).toEqual(range(6, 10));
  });

  test("a new group without fromBeginning starts at the end", async () => {
    const topic = await clients.createTopic("end", 1);
    await produce(topic, 0, 5);
    const reader = await startReader(topic, uniqueName("end"), { fromBeginning: false });
    await eventually(() => expect(reader.emptyFetches()).toBeGreaterThan(0));
    await produce(topic, 5, 2);
    await eventually(() => expect(reader.received.length).toBeGreaterThanOrEqual(2));
    expect(valuesOf(reader.received)).toEqual([5, 6]);
  });

  test("seek reads on from any offset, back and forth", async () => {
    const topic = await clients.createTopic("seek", 1);
    await produce(topic, 0, 20);
    const reader = await startReader(topic, uniqueName("seek"));
    await eventually(() => expect(reader.received.length).toBe(20));
    reader.consumer.seek({ topic, partition: 0, offset: "17" });
    await eventually(() => expect(reader.received.length).toBeGreaterThanOrEqual(23));
    reader.consumer.seek({ topic, partition: 0, offset: "5" });
    await eventually(() => expect(reader.received.length).toBeGreaterThanOrEqual(38));
    expect(valuesOf(reader.received.slice(20, 23))).toEqual([17, 18, 19]);
    expect(reader.received.slice(23).map(({ offset }) => Number(offset))).toEqual(range(5, 20));
  });

  test("a fetch waits for records: the one that finds nothing delivers what comes next", async () => {
    const topic = await clients.createTopic("poll", 1);
    const maxWaitMs = 20_000;
    const reader = await startReader(topic, uniqueName("poll"), { maxWaitMs });
    const producer = await clients.producer();
    const deliver = async (count: number) => {
      await producer.send({ topic, messages: [{ value: String(count) }] });
      await eventually(() => expect(reader.received.length).toBe(count), { timeoutMs: maxWaitMs / 2 });
    };
    await deliver(1);
    for (const count of range(2, 12)) {
      await eventually(() => expect(reader.startedFetches()).toBeGreaterThan(reader.startedAtDelivery()));
      const startedBefore = reader.startedFetches();
      await deliver(count);
      expect(reader.startedAtDelivery()).toBe(startedBefore);
    }
    // kafkajs lets a fetch that is under way end before it disconnects; a record ends it.
    await Promise.all([
      reader.consumer.disconnect(),
      producer.send({ topic, messages: [{ value: "last" }] }),
    ]);
  });

  test("a message that cannot be handled goes to the dead-letter topic as it is", async () => {
    const topic = await clients.createTopic("orders", 3);
    const groupId = uniqueName("handler");
    const deadLetterTopic = `${topic}.${groupId}.dead-letter`;
    await clients.admin.createTopics({
      topics: [{ topic: deadLetterTopic, numPartitions: 3 }],
      waitForLeaders: true,
    });
    const producer = await clients.producer({ idempotent: true });
    await producer.send({
      topic,
      messages: range(0, 30).map((number) => ({
        key: `order-${number % 7}`,
        value: String(number),
        headers: { n: "1" },
      })),
    });

    const handled: string[] = [];
    const consumer = await clients.consumer({ groupId });
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ partition, message }) => {
        const value = message.value?.toString() ?? "";
        if (Number(value) % 10 === 3) {
          const headers = { ...message.headers, origin: `${topic}/${partition}/${message.offset}` };
          await producer.send({ topic: deadLetterTopic, messages: [{ ...message, headers }] });
        }
        handled.push(value);
      },
    });
    await eventually(() => expect(handled.length).toBe(30));
    const originals = await clients.readAll(topic);
    const dead = await clients.readAll(deadLetterTopic);
    expect(valuesOf(dead)).toEqual([3, 13, 23]);
    for (const letter of dead) {
      const origin = letter.headers?.origin?.toString();
      const original = originals.find(
        (message) => `${topic}/${message.partition}/${message.offset}` === origin,
      );
      expect([letter.key, letter.value, letter.headers?.n]).toEqual([
        original?.key,
        original?.value,
        original?.headers?.n,
      ]);
    }
  });
});

interface Reader {
  readonly consumer: Consumer;
  readonly received: ReceivedMessage[];
  startedFetches(): number;
  emptyFetches(): number;
  /** How many fetches had been started when the last message was delivered. */
  startedAtDelivery(): number;
}

async function startReader(
  topic: string,
  groupId: string,
  options: { fromBeginning?: boolean; maxWaitMs?: number } = {},
): Promise<Reader> {
  const { fromBeginning = true, maxWaitMs = 200 } = options;
  const received: ReceivedMessage[] = [];
  let started = 0;
  let empty = 0;
  let startedAtDelivery = 0;
  const consumer = await clients.consumer({ groupId, maxWaitTimeInMs: maxWaitMs });
  consumer.on(consumer.events.FETCH_START, () => {
    started += 1;
  });
  consumer.on(consumer.events.FETCH, ({ payload }) => {
    empty += payload.numberOfBatches === 0 ? 1 : 0;
  });
  await consumer.subscribe({ topic, fromBeginning });
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ partition, message }) => {
      startedAtDelivery = started;
      received.push(toReceived(topic, partition, message));
    },
  });
  return {
    consumer,
    received,
    startedFetches: () => started,
    emptyFetches: () => empty,
    startedAtDelivery: () => startedAtDelivery,
  };
}

async function produce(topic: string, first: number, count: number): Promise<void> {
  const producer = await clients.producer();
  const messages = range(first, first + count).map((number) => ({
    key: `key-${number}`,
    value: String(number),
  }));
  await producer.send({ topic, messages });
}

/** Commits the offset after the last of these messages, in each of their partitions. */
async function commitAfter(consumer: Consumer, messages: readonly ReceivedMessage[]): Promise<void> {
  const next = new Map<number, { topic: string; partition: number; offset: string }>();
  for (const { topic, partition, offset } of messages) {
    next.set(partition, { topic, partition, offset: String(Number(offset) + 1) });
  }
  await consumer.commitOffsets([...next.values()]);
}

function range(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, index) => first + index);
}

function valuesOf(messages: readonly ReceivedMessage[]): number[] {
  return messages.map(({ value }) => Number(value)).sort((left, right) => left - right);
}
