import { eventually } from "@ordermesh/testkit/eventually";
import { CompressionTypes } from "kafkajs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type BrokerUnderTest, startBrokerUnderTest } from "./broker-under-test.ts";
import { type Clients, connectClients, uniqueName } from "./clients.ts";

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

describe("topics", () => {
  test("the cluster has one broker, which is the controller and has the address that was asked", async () => {
    const { brokers, controller } = await clients.admin.describeCluster();
    expect(brokers.map(({ host, port }) => `${host}:${port}`)).toEqual(broker.brokers);
    expect(controller).toBe(brokers[0]?.nodeId);
  });

  test("creating a topic again changes nothing", async () => {
    const topic = uniqueName("twice");
    const create = (numPartitions: number) =>
      clients.admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true });
    expect(await create(12)).toBe(true);
    expect(await create(3)).toBe(false);
    const { topics } = await clients.admin.fetchTopicMetadata({ topics: [topic] });
    expect(topics[0]?.partitions.map(({ partitionId }) => partitionId).sort((a, b) => a - b)).toEqual([
      ...Array(12).keys(),
    ]);
    expect(await clients.admin.listTopics()).toContain(topic);
  });

  test.each([
    ["a name with a slash", { topic: "orders/events" }, "INVALID_TOPIC_EXCEPTION"],
    ["an empty name", { topic: "" }, "INVALID_TOPIC_EXCEPTION"],
    ["the name ..", { topic: ".." }, "INVALID_TOPIC_EXCEPTION"],
    ["a name of 250 characters", { topic: "x".repeat(250) }, "INVALID_TOPIC_EXCEPTION"],
    ["no partitions", { topic: "no-partitions", numPartitions: 0 }, "INVALID_PARTITIONS"],
    [
      "three replicas",
      { topic: "replicas", numPartitions: 1, replicationFactor: 3 },
      "INVALID_REPLICATION_FACTOR",
    ],
  ])("%s is refused, and nothing is created", async (_, topic, type) => {
    const creating = clients.admin.createTopics({ topics: [topic] });
    await expect(creating).rejects.toMatchObject({ errors: [{ type }] });
    expect(await clients.admin.listTopics()).not.toContain(topic.topic);
  });

  test("a deleted topic is gone, and is empty when it is created again", async () => {
    const topic = await clients.createTopic("deleted", 2);
    const producer = await clients.producer();
    await producer.send({ topic, messages: [{ value: "old" }] });
    await clients.admin.deleteTopics({ topics: [topic] });
    await eventually(async () => expect(await clients.admin.listTopics()).not.toContain(topic));
    await clients.admin.createTopics({ topics: [{ topic, numPartitions: 2 }], waitForLeaders: true });
    const offsets = await clients.admin.fetchTopicOffsets(topic);
    expect(offsets.map(({ low, high }) => `${low}-${high}`)).toEqual(["0-0", "0-0"]);
  });
});

describe("offsets", () => {
  test("fetchTopicOffsets gives the first and the next offset of each partition", async () => {
    const topic = await clients.createTopic("ends", 2);
    const producer = await clients.producer();
    await producer.send({ topic, messages: Array(7).fill({ partition: 1, value: "x" }) });
    const offsets = await clients.admin.fetchTopicOffsets(topic);
    const byPartition = offsets.sort((left, right) => left.partition - right.partition);
    expect(byPartition.map(({ low, high, offset }) => [low, high, offset])).toEqual([
      ["0", "0", "0"],
      ["0", "7", "7"],
    ]);
  });

  test("committed offsets can be read and set from outside the group", async () => {
    const topic = await clients.createTopic("committed", 2);
    const groupId = uniqueName("committed");
    const read = async () => {
      const [fetched] = await clients.admin.fetchOffsets({ groupId, topics: [topic] });
      return fetched?.partitions.sort((a, b) => a.partition - b.partition).map(({ offset }) => offset);
    };
    expect(await read()).toEqual(["-1", "-1"]);
    await clients.admin.setOffsets({
      groupId,
      topic,
      partitions: [
        { partition: 0, offset: "3" },
        { partition: 1, offset: "40" },
      ],
    });
    expect(await read()).toEqual(["3", "40"]);
    expect(await clients.admin.fetchOffsets({ groupId })).toHaveLength(1);
  });

  test.each([
    ["plain", CompressionTypes.None],
    ["gzip", CompressionTypes.GZIP],
  ])("the first offset from a time on is exact inside a %s batch", async (_, compression) => {
    const topic = await clients.createTopic("times", 1);
    const producer = await clients.producer();
    const timesMs = [1000, 2000, 3000, 2500, 4000];
    const messages = timesMs.map((timeMs) => ({
      value: "x".repeat(50),
      timestamp: String(1_700_000_000_000 + timeMs),
    }));
    await producer.send({ topic, compression, messages });
    await producer.send({ topic, compression, messages: [{ value: "y", timestamp: "1700000009000" }] });
    const offsetFrom = async (timeMs: number) => {
      const [found] = await clients.admin.fetchTopicOffsetsByTimestamp(topic, 1_700_000_000_000 + timeMs);
      return Number(found?.offset);
    };
    const offsets = [];
    for (const timeMs of [0, 1000, 1001, 2001, 2600, 3001, 4001, 9000]) {
      offsets.push(await offsetFrom(timeMs));
    }
    expect(offsets).toEqual([0, 0, 1, 2, 2, 4, 5, 5]);
    // Nothing is as young as this: kafkajs turns the broker's -1 into the end of the partition.
    expect(await offsetFrom(9001)).toBe(6);
  });

  test("the first offset from a time on is found among many batches", async () => {
    const topic = await clients.createTopic("many-times", 1);
    const producer = await clients.producer();
    for (let batch = 0; batch < 40; batch++) {
      const messages = Array.from({ length: 10 }, (_, index) => ({
        value: "x".repeat(100),
        timestamp: String(1_700_000_000_000 + batch * 10 + index),
      }));
      await producer.send({ topic, messages });
    }
    for (const number of [0, 1, 57, 200, 399]) {
      const found = await clients.admin.fetchTopicOffsetsByTimestamp(topic, 1_700_000_000_000 + number);
      expect(found[0]?.offset).toBe(String(number));
    }
  });
});

describe("groups", () => {
  test("a group can be listed, described and deleted once its members have left", async () => {
    const topic = await clients.createTopic("group", 2);
    const groupId = uniqueName("group");
    const consumer = await clients.consumer({ groupId });
    await consumer.subscribe({ topic });
    await consumer.run({ eachMessage: async () => {} });
    const describeGroup = async () => (await clients.admin.describeGroups([groupId])).groups[0];
    await eventually(async () => expect((await describeGroup())?.state).toBe("Stable"));

    expect(await describeGroup()).toMatchObject({
      groupId,
      protocolType: "consumer",
      protocol: "RoundRobinAssigner",
      members: [{ clientId: "conformance", memberId: expect.stringMatching(/^conformance-/) }],
    });
    const { groups } = await clients.admin.listGroups();
    expect(groups).toContainEqual({ groupId, protocolType: "consumer" });
    await expect(clients.admin.deleteGroups([groupId])).rejects.toMatchObject({
      groups: [{ groupId, error: { type: "NON_EMPTY_GROUP" } }],
    });

    await consumer.disconnect();
    await eventually(async () => expect((await describeGroup())?.state).toBe("Empty"));
    await clients.admin.deleteGroups([groupId]);
    expect((await describeGroup())?.state).toBe("Dead");
    expect((await clients.admin.listGroups()).groups.map((group) => group.groupId)).not.toContain(groupId);
  });

  test("deleting a group deletes what it committed; an unknown group cannot be deleted", async () => {
    const topic = await clients.createTopic("forget", 1);
    const groupId = uniqueName("forget");
    await clients.admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: "5" }] });
    await clients.admin.deleteGroups([groupId]);
    const [fetched] = await clients.admin.fetchOffsets({ groupId, topics: [topic] });
    expect(fetched?.partitions[0]?.offset).toBe("-1");
    const unknown = uniqueName("unknown");
    await expect(clients.admin.deleteGroups([unknown])).rejects.toMatchObject({
      groups: [{ groupId: unknown, error: { type: "GROUP_ID_NOT_FOUND" } }],
    });
    expect((await clients.admin.describeGroups([unknown])).groups[0]?.state).toBe("Dead");
  });
});
