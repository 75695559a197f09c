import { createKafkaClient, type KafkaClient } from "@ordermesh/kafka/client";
import { createProducer, type Producer } from "@ordermesh/kafka/producer";
import { readToEnd } from "@ordermesh/kafka/read-to-end";
import type { IncomingRecord } from "@ordermesh/kafka/record";
import { deadLetterTopic, ensureTopics } from "@ordermesh/kafka/topics";
import { eventually } from "@ordermesh/testkit/eventually";
import { type OwnBroker, startOwnBroker } from "@ordermesh/testkit/own-broker";
import { testLogger } from "@ordermesh/testkit/test-logger";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDeadLetterBox } from "../src/dead-letters.ts";

let broker: OwnBroker;
let client: KafkaClient;
let producer: Producer;

beforeAll(async () => {
  broker = await startOwnBroker();
  client = createKafkaClient({ brokers: broker.brokers, clientId: "test", logger: testLogger() });
  producer = createProducer(client);
});

afterAll(async () => {
  await producer?.close();
  await broker?.remove();
});

/** A topic of its own, with dead letters of a group. */
async function openTopic(name: string, letters: number) {
  const group = "readers";
  const topics = [name, deadLetterTopic(name, group)].map((topic) => ({ name: topic, partitions: 3 }));
  await ensureTopics(client, topics, AbortSignal.timeout(20_000));
  for (let number = 1; number <= letters; number += 1) {
    await producer.publish(deadLetterTopic(name, group), [letter(name, group, number)]);
    // The next one is younger: they lie in several partitions, and only their times tell which came first.
    const writtenBefore = Date.now();
    await eventually(() => expect(Date.now()).toBeGreaterThan(writtenBefore));
  }
  const records = async () => {
    const read: IncomingRecord[] = [];
    await readToEnd({
      client,
      topic: name,
      timeoutMs: 20_000,
      onRecords: (found) => void read.push(...found),
    });
    return read;
  };
  return { group, records, box: () => openDeadLetterBox({ client, topic: name, group }) };
}

function letter(topic: string, group: string, number: number) {
  return {
    key: `key ${number}`,
    value: Buffer.from(`value ${number}`),
    headers: {
      ce_id: `${number}`,
      dead_letter_reason: `reason ${number}`,
      dead_letter_group: group,
      dead_letter_topic: topic,
      dead_letter_partition: "2",
      dead_letter_offset: `${100 + number}`,
      dead_letter_attempts: "5",
    },
  };
}

test("a topic that is not there has no letters", async () => {
  expect(await openDeadLetterBox({ client, topic: "nowhere", group: "readers" }).list()).toEqual([]);
});

test("letters are listed as they were, and sent back without what was added to them", async () => {
  const { box, records } = await openTopic("whole.v1", 3);
  const letters = await box().list();
  expect(letters.map(({ key }) => key)).toEqual(["key 1", "key 2", "key 3"]);
  expect(letters[0]).toMatchObject({
    reason: "reason 1",
    attempts: 5,
    partition: 2,
    offset: 101n,
    headers: { ce_id: "1" },
    givenUpAtMs: expect.any(Number),
  });
  expect(letters[0]?.givenUpAtMs).toBeGreaterThan(Date.now() - 600_000);
  expect(await box().redrive("all")).toBe(3);
  const sent = await records();
  expect(sent.map(({ key, headers }) => [key, headers]).sort()).toEqual([
    ["key 1", { ce_id: "1" }],
    ["key 2", { ce_id: "2" }],
    ["key 3", { ce_id: "3" }],
  ]);
  expect(sent.map(({ value }) => Buffer.from(value).toString()).sort()).toEqual([
    "value 1",
    "value 2",
    "value 3",
  ]);
});

test("what one replica has sent back is gone for all of them, and nothing is sent twice", async () => {
  const { box, records } = await openTopic("replicas.v1", 3);
  const [one, other] = [box(), box()];
  const [first] = await other.list();
  expect(await one.redrive([first!.id, "9-9", "nonsense"])).toBe(1);
  expect((await other.list()).map(({ key }) => key)).toEqual(["key 2", "key 3"]);
  expect(await other.redrive([first!.id])).toBe(0);
  expect(await other.redrive("all")).toBe(2);
  expect(await one.redrive("all")).toBe(0);
  expect(await one.list()).toEqual([]);
  expect(await records()).toHaveLength(3);
});

test("what an earlier version's command line has sent back is not sent again", async () => {
  const { group, box } = await openTopic("earlier.v1", 3);
  const topic = deadLetterTopic("earlier.v1", group);
  await readToEnd({
    client,
    topic,
    group: `ordermesh.redrive.${group}`,
    timeoutMs: 20_000,
    onRecords: () => {},
  });
  await producer.publish(topic, [letter("earlier.v1", group, 4)]);
  expect((await box().list()).map(({ key }) => key)).toEqual(["key 4"]);
});
