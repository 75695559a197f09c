import { CompressionTypes } from "kafkajs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type BrokerUnderTest, startBrokerUnderTest } from "./broker-under-test.ts";
import { type Clients, connectClients, uniqueName } from "./clients.ts";
import { hasKcat, kcat, linesOf } from "./kcat.ts";

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

const title = hasKcat
  ? "kcat"
  : "kcat (skipped: there is no kcat on the PATH; Debian's package kcat brings it)";

describe.skipIf(!hasKcat)(title, () => {
  test("lists a topic with its partitions and their leader", async () => {
    const topic = await clients.createTopic("listed", 3);
    const metadata = JSON.parse(await kcat(broker.brokers, ["-L", "-J", "-t", topic]));
    expect(metadata.brokers.map(({ name }: { name: string }) => name)).toEqual(broker.brokers);
    expect(metadata.topics[0].partitions).toHaveLength(3);
    expect(new Set(metadata.topics[0].partitions.map(({ leader }: { leader: number }) => leader))).toEqual(
      new Set([metadata.brokers[0].id]),
    );
  });

  test.each(["none", "gzip", "snappy", "lz4", "zstd"])(
    "what it produced with %s comes back",
    async (codec) => {
      const topic = await clients.createTopic(codec, 1);
      const lines = Array.from({ length: 1000 }, (_, number) => `order-${number}:value ${number}`);
      await kcat(
        broker.brokers,
        ["-P", "-t", topic, "-K:", "-z", codec, "-X", "enable.idempotence=true"],
        lines.join("\n"),
      );
      const output = await kcat(broker.brokers, ["-C", "-t", topic, "-e", "-q", "-f", "%o %k:%s\n"]);
      expect(linesOf(output)).toEqual(lines.map((line, number) => `${number} ${line}`));
    },
  );

  test("reads what kafkajs produced, with keys and headers", async () => {
    const topic = await clients.createTopic("from-kafkajs", 1);
    const producer = await clients.producer({ idempotent: true });
    await producer.send({
      topic,
      compression: CompressionTypes.GZIP,
      messages: [{ key: "order-1", value: "created", timestamp: "1700000000000", headers: { ce_id: "17" } }],
    });
    const output = await kcat(broker.brokers, ["-C", "-t", topic, "-e", "-q", "-J"]);
    expect(JSON.parse(output)).toMatchObject({
      topic,
      partition: 0,
      offset: 0,
      ts: 1_700_000_000_000,
      headers: ["ce_id", "17"],
      key: "order-1",
      payload: "created",
    });
  });

  test("puts keys into the same partitions as kafkajs", async () => {
    const topic = await clients.createTopic("partitioner", 6);
    const keys = Array.from({ length: 50 }, (_, number) => `order-${number}`);
    const producer = await clients.producer();
    await producer.send({ topic, messages: keys.map((key) => ({ key, value: "kafkajs" })) });
    const partitioner = ["-X", "topic.partitioner=murmur2_random"];
    await kcat(
      broker.brokers,
      ["-P", "-t", topic, "-K:", ...partitioner],
      keys.map((key) => `${key}:kcat`).join("\n"),
    );
    const partitionsBy = async (value: string) => {
      const messages = (await clients.readAll(topic)).filter((message) => message.value === value);
      return messages.map(({ key, partition }) => `${key} in ${partition}`).sort();
    };
    const byKafkajs = await partitionsBy("kafkajs");
    expect(byKafkajs).toHaveLength(50);
    expect(await partitionsBy("kcat")).toEqual(byKafkajs);
  });

  test("consumes in a group, and kafkajs sees what it committed and goes on from there", async () => {
    const topic = await clients.createTopic("group", 1);
    const groupId = uniqueName("group");
    const producer = await clients.producer();
    await producer.send({
      topic,
      messages: Array.from({ length: 10 }, (_, number) => ({ value: String(number) })),
    });
    const output = await kcat(broker.brokers, [
      "-G",
      groupId,
      "-c",
      "6",
      "-q",
      "-X",
      "auto.offset.reset=earliest",
      topic,
    ]);
    expect(linesOf(output)).toEqual(["0", "1", "2", "3", "4", "5"]);
    const [fetched] = await clients.admin.fetchOffsets({ groupId, topics: [topic] });
    expect(fetched?.partitions).toMatchObject([{ partition: 0, offset: "6" }]);
    expect((await clients.admin.describeGroups([groupId])).groups[0]?.state).toBe("Empty");
  });

  test("asks for the offset at a time", async () => {
    const topic = await clients.createTopic("query", 1);
    const producer = await clients.producer();
    const timestamps = [1_700_000_001_000, 1_700_000_002_000, 1_700_000_003_000];
    await producer.send({
      topic,
      messages: timestamps.map((time) => ({ value: "x", timestamp: String(time) })),
    });
    const output = await kcat(broker.brokers, ["-Q", "-t", `${topic}:0:1700000001500`]);
    expect(output).toContain(`${topic} [0] offset 1`);
  });

  test("reads a batch larger than what it asked for", async () => {
    const topic = await clients.createTopic("large", 1);
    const producer = await clients.producer();
    await producer.send({ topic, messages: [{ value: "x".repeat(900_000) }, { value: "small" }] });
    const limits = ["-X", "fetch.message.max.bytes=10000"];
    const output = await kcat(broker.brokers, ["-C", "-t", topic, "-e", "-q", ...limits]);
    expect(linesOf(output).map((line) => line.length)).toEqual([900_000, 5]);
  });
});
