import { eventually } from "@ordermesh/testkit/eventually";
import type { Consumer, ISocketFactory } from "kafkajs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type BrokerUnderTest, startBrokerUnderTest } from "./broker-under-test.ts";
import { type Clients, connectClients, uniqueName } from "./clients.ts";
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

const partitionCount = 6;
const allPartitions = [0, 1, 2, 3, 4, 5];

describe("a group of several members", () => {
  test("a second member takes half of the partitions, and gives them back when it leaves", async () => {
    const { topic, groupId } = await newGroup();
    const first = await startMember(topic, groupId);
    await eventually(() => expect(first.partitions().length).toBe(partitionCount));

    const second = await startMember(topic, groupId);
    await eventually(() => {
      expect(first.partitions().length).toBe(3);
      expect(second.partitions().length).toBe(3);
    });
    expect([...first.partitions(), ...second.partitions()].sort()).toEqual(allPartitions);

    await produce(topic, 0, 120);
    await eventually(() => expect(first.values.length + second.values.length).toBeGreaterThanOrEqual(120));
    expect(numbersOf(first, second)).toEqual(range(0, 120));
    expect(Math.min(first.values.length, second.values.length)).toBeGreaterThan(0);

    await second.consumer.disconnect();
    await eventually(() => expect(first.partitions().length).toBe(partitionCount));
    await produce(topic, 120, 60);
    await eventually(() => expect(first.values.length + second.values.length).toBeGreaterThanOrEqual(180));
    expect(numbersOf(first, second)).toEqual(range(0, 180));
  });

  test("members that start together divide the partitions without loss or overlap", async () => {
    const { topic, groupId } = await newGroup();
    const members = await Promise.all([1, 2, 3].map(() => startMember(topic, groupId)));
    await eventually(() => expect(members.map((member) => member.partitions().length)).toEqual([2, 2, 2]));
    expect(members.flatMap((member) => member.partitions()).sort()).toEqual(allPartitions);
  });

  test("a member that vanishes without a word loses its partitions when its session ends", async () => {
    const { topic, groupId } = await newGroup();
    const proxy = await startCuttingProxy(broker.brokers[0]!);
    try {
      const survivor = await startMember(topic, groupId);
      const lost = await startMember(topic, groupId, proxy.socketFactory);
      await eventually(() => {
        expect(survivor.partitions().length).toBe(3);
        expect(lost.partitions().length).toBe(3);
      });
      proxy.isolate();
      await eventually(() => expect(survivor.partitions().length).toBe(partitionCount));
      await produce(topic, 0, 60);
      await eventually(() => expect(survivor.values.length).toBeGreaterThanOrEqual(60));
      expect(numbersOf(survivor)).toEqual(range(0, 60));
      const { groups } = await clients.admin.describeGroups([groupId]);
      expect(groups[0]?.members).toHaveLength(1);
    } finally {
      await proxy.stop();
    }
  });

  test("a session timeout below the broker's minimum is refused", async () => {
    const { topic, groupId } = await newGroup();
    const consumer = await clients.consumer({ groupId, sessionTimeout: 1_000, retry: { retries: 0 } });
    await consumer.subscribe({ topic });
    const crashed = new Promise<Error>((resolve) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => resolve(payload.error));
    });
    consumer.run({ eachMessage: async () => {} }).catch(() => {});
    expect(await crashed).toMatchObject({ type: "INVALID_SESSION_TIMEOUT" });
  });
});

async function newGroup(): Promise<{ topic: string; groupId: string }> {
  return { topic: await clients.createTopic("shared", partitionCount), groupId: uniqueName("shared") };
}

interface Member {
  readonly consumer: Consumer;
  readonly values: string[];
  /** What the member was assigned last. */
  partitions(): number[];
}

async function startMember(topic: string, groupId: string, socketFactory?: ISocketFactory): Promise<Member> {
  const values: string[] = [];
  let partitions: number[] = [];
  const consumer = await clients.consumer({ groupId, retry: { retries: 2 } }, socketFactory);
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    partitions = payload.memberAssignment[topic] ?? [];
  });
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommitThreshold: 1,
    eachMessage: async ({ message }) => {
      values.push(message.value?.toString() ?? "");
    },
  });
  return { consumer, values, partitions: () => partitions };
}

async function produce(topic: string, first: number, count: number): Promise<void> {
  const producer = await clients.producer();
  const messages = range(first, first + count).map((number) => ({
    value: String(number),
    partition: number % partitionCount,
  }));
  await producer.send({ topic, messages });
}

function numbersOf(...members: Member[]): number[] {
  return members.flatMap(({ values }) => values.map(Number)).sort((left, right) => left - right);
}

function range(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, index) => first + index);
}
