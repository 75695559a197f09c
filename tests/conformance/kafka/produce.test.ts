import { CompressionTypes, type Message, type Producer } from "kafkajs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type BrokerUnderTest, startBrokerUnderTest } from "./broker-under-test.ts";
import { type Clients, connectClients } from "./clients.ts";
import { startCuttingProxy } from "./cutting-proxy.ts";

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

const acksOfAll = -1;

describe("produce", () => {
  test("acks -1 answers with the offset of the first record, and offsets have no gap", async () => {
    const topic = await clients.createTopic("offsets", 1);
    const producer = await clients.producer();
    const first = await producer.send({ topic, acks: acksOfAll, messages: numbered(0, 3) });
    const second = await producer.send({ topic, acks: acksOfAll, messages: numbered(3, 2) });
    expect([first[0]?.baseOffset, second[0]?.baseOffset]).toEqual(["0", "3"]);
    const messages = await clients.readAll(topic);
    expect(messages.map(({ offset, value }) => [offset, value])).toEqual(
      [0, 1, 2, 3, 4].map((number) => [String(number), String(number)]),
    );
  });

  test("acks 0 and acks 1 arrive as well", async () => {
    const topic = await clients.createTopic("acks", 1);
    const producer = await clients.producer();
    await producer.send({ topic, acks: 0, messages: numbered(0, 1) });
    await producer.send({ topic, acks: 1, messages: numbered(1, 1) });
    expect((await clients.readAll(topic)).map(({ value }) => value)).toEqual(["0", "1"]);
  });

  test("keys, values, headers and timestamps come back as they were sent", async () => {
    const topic = await clients.createTopic("content", 1);
    const producer = await clients.producer();
    await producer.send({
      topic,
      messages: [
        {
          key: "order-1",
          value: "naïve ✓",
          timestamp: "1700000000000",
          headers: { ce_type: "created", n: ["a", "b"] },
        },
        { key: "order-1", value: null, timestamp: "1700000000001" },
        { key: null, value: "", timestamp: "1700000000002" },
        {
          key: "",
          value: Buffer.from([0, 255]),
          timestamp: "1700000000003",
          headers: { raw: Buffer.from([0, 255]) },
        },
      ],
    });
    const received = await clients.readAll(topic);
    expect(received.map(({ key, value, timestamp }) => [key, value, timestamp])).toEqual([
      ["order-1", "naïve ✓", "1700000000000"],
      ["order-1", null, "1700000000001"],
      [null, "", "1700000000002"],
      ["", Buffer.from([0, 255]).toString(), "1700000000003"],
    ]);
    expect(received[0]?.headers).toEqual({
      ce_type: Buffer.from("created"),
      n: [Buffer.from("a"), Buffer.from("b")],
    });
    expect(received[3]?.headers).toEqual({ raw: Buffer.from([0, 255]) });
  });

  test("gzip comes back as it was sent, between plain batches", async () => {
    const topic = await clients.createTopic("gzip", 1);
    const producer = await clients.producer();
    await producer.send({ topic, messages: numbered(0, 2) });
    await producer.send({ topic, compression: CompressionTypes.GZIP, messages: numbered(2, 500) });
    await producer.send({ topic, messages: numbered(502, 2) });
    const received = await clients.readAll(topic);
    expect(received.map(({ offset, value }) => `${offset}=${value}`)).toEqual(
      Array.from({ length: 504 }, (_, number) => `${number}=${number}`),
    );
  });

  test("one key stays in one partition, over producers and compressions", async () => {
    const topic = await clients.createTopic("keys", 6);
    const keys = Array.from({ length: 40 }, (_, number) => `order-${number}`);
    for (const compression of [CompressionTypes.None, CompressionTypes.GZIP]) {
      const producer = await clients.producer();
      await producer.send({ topic, compression, messages: keys.map((key) => ({ key, value: "x" })) });
    }
    const received = await clients.readAll(topic);
    const partitionsOf = new Map<string | null, Set<number>>();
    for (const { key, partition } of received) {
      partitionsOf.set(key, (partitionsOf.get(key) ?? new Set()).add(partition));
    }
    expect(received).toHaveLength(80);
    expect([...partitionsOf.values()].every((partitions) => partitions.size === 1)).toBe(true);
    expect(new Set(received.map(({ partition }) => partition)).size).toBe(6);
  });

  test("a batch above message.max.bytes is refused, and the next one is taken", async () => {
    const topic = await clients.createTopic("large", 1);
    const producer = await clients.producer();
    const sendBytes = (sizeBytes: number) =>
      producer.send({ topic, messages: [{ value: Buffer.alloc(sizeBytes, "x") }] });
    await expect(sendBytes(1_100_000)).rejects.toMatchObject({ type: "MESSAGE_TOO_LARGE" });
    await sendBytes(1_000_000);
    expect((await clients.readAll(topic)).map(({ value }) => value?.length)).toEqual([1_000_000]);
  });

  test("a topic appears when a producer names it, unless the producer does not want that", async () => {
    const producer = await clients.producer({ allowAutoTopicCreation: true });
    const topic = await clients.createTopic("exists", 1);
    await producer.send({ topic: `${topic}-auto`, messages: numbered(0, 1) });
    const { topics } = await clients.admin.fetchTopicMetadata({ topics: [`${topic}-auto`] });
    expect(topics[0]?.partitions.length).toBe(12);

    const careful = await clients.producer({ allowAutoTopicCreation: false, retry: { retries: 1 } });
    const sending = careful.send({ topic: `${topic}-never`, messages: numbered(0, 1) });
    await expect(sending).rejects.toMatchObject({ cause: { type: "UNKNOWN_TOPIC_OR_PARTITION" } });
    expect(await clients.admin.listTopics()).not.toContain(`${topic}-never`);
  });
});

/** The producer sends again what the broker stored already: the two cases differ in who notices. */
describe("a response that gets lost", () => {
  test("an idempotent producer stores every message once, in order", async () => {
    const { values, lost } = await sendWithLostResponses({ idempotent: true, maxInFlightRequests: 1 });
    expect(lost).toBe(8);
    expect(values).toEqual(numbered(0, 40).map(({ value }) => value));
  });

  test("a producer that is not idempotent stores some twice: the fault is real", async () => {
    const { values, lost } = await sendWithLostResponses({ idempotent: false });
    expect(lost).toBe(8);
    expect(values).toHaveLength(48);
  });

  async function sendWithLostResponses(options: { idempotent: boolean; maxInFlightRequests?: number }) {
    const topic = await clients.createTopic("lost", 1);
    const proxy = await startCuttingProxy(broker.brokers[0]!);
    try {
      const producer: Producer = await clients.producer(options, proxy.socketFactory);
      for (let number = 0; number < 40; number++) {
        if (number % 5 === 4) {
          proxy.loseNextResponse();
        }
        await producer.send({ topic, acks: acksOfAll, messages: numbered(number, 1) });
      }
      const values = (await clients.readAll(topic)).map(({ value }) => value);
      return { values, lost: proxy.lostResponses() };
    } finally {
      await proxy.stop();
    }
  }
});

/** Messages whose values count up. */
function numbered(first: number, count: number): Message[] {
  return Array.from({ length: count }, (_, index) => ({ key: "key", value: String(first + index) }));
}
