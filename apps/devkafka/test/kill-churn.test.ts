import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type Consumer, Kafka, logLevel, Partitioners } from "kafkajs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startDevkafka } from "../src/service.ts";
import { type ChildBroker, startChildBroker } from "./child-broker.ts";
import { randomNumbers } from "./random-numbers.ts";

const roundCount = 6;
const keyCount = 50;
const batchSize = 20;
const drainTimeoutMs = 40_000;

let dataDirectory: string;
let broker: ChildBroker;

beforeEach(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), "ordermesh-devkafka-"));
  broker = await startChildBroker({ dataDirectory, port: 0 });
});
afterEach(async () => {
  await broker.kill();
  await rm(dataDirectory, { recursive: true });
});

/**
 * The promise that everything above rests on: what was acknowledged is in the log once, in order per key, and reaches
 * the group, although the broker is killed and members come and go.
 */
test("kill -9 of the broker and members that come and go lose nothing, and store nothing twice", async () => {
  const { seed, integer } = randomNumbers();
  const kafka = new Kafka({
    brokers: [`127.0.0.1:${broker.port}`],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 50, retries: 20, maxRetryTime: 500 },
  });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: "churn", numPartitions: 6 }] });
  const log = createDeliveryLog();
  const members = [
    await startMember(kafka, log),
    await startMember(kafka, log),
    await startMember(kafka, log),
  ];
  const producing = startProducing(kafka);

  let kills = 0;
  let departures = 0;
  for (let round = 0; round < roundCount; round++) {
    // A pause of random length is the fault's moment, not a wait for something to be done.
    await wait(integer(200, 900));
    const index = integer(0, members.length - 1);
    await members[index]?.disconnect();
    departures += 1;
    await wait(integer(0, 300));
    await broker.kill();
    kills += 1;
    broker = await startChildBroker({ dataDirectory, port: broker.port });
    members[index] = await startMember(kafka, log);
  }
  const acknowledged = await producing.stop();

  const deadline = performance.now() + drainTimeoutMs;
  while (log.seen.size < acknowledged && performance.now() < deadline) {
    await wait(50);
  }
  const ends = await admin.fetchTopicOffsets("churn");
  const inLog = ends.reduce((sum, { high }) => sum + Number(high), 0);
  process.stdout.write(
    `kill churn: seed ${seed}, ${kills} kills, ${departures} departures, ${acknowledged} acknowledged, ${inLog} in the log, ` +
      `${log.seen.size} seen, ${log.redelivered()} redelivered, ${log.outOfOrder()} out of order\n`,
  );
  await Promise.all([...members.map((member) => member.disconnect()), admin.disconnect()]);

  expect(kills).toBe(roundCount);
  expect(acknowledged).toBeGreaterThan(1_000);
  expect(inLog).toBe(acknowledged);
  expect(log.seen.size).toBe(acknowledged);
  expect(log.outOfOrder()).toBe(0);
}, 120_000);

test("a data directory is for one process; a killed one does not keep it", async () => {
  const second = () =>
    startDevkafka({ host: "127.0.0.1", port: 0, dataDirectory, defaultPartitions: 1, fsync: false });
  await expect(second()).rejects.toThrow(/^The data directory .* is in use by process \d+, .*\.$/);
  await broker.kill();
  const successor = await second();
  await successor.stop();
});

test("SIGTERM ends it with code 0; a port in use with code 1 and one sentence", async () => {
  const other = startChildBroker({ dataDirectory: join(dataDirectory, "other"), port: broker.port });
  await expect(other).rejects.toThrow(
    new RegExp(
      `^devkafka ended with 1: devkafka could not start: Port ${broker.port} on 127.0.0.1 is in use: .*\\n$`,
    ),
  );
  expect(await broker.terminate()).toBe(0);
});

interface DeliveryLog {
  /** How often each number was delivered. */
  readonly seen: Map<number, number>;
  note(key: string, number: number): void;
  redelivered(): number;
  /** Numbers that were new and came after a larger one of their key. */
  outOfOrder(): number;
}

function createDeliveryLog(): DeliveryLog {
  const seen = new Map<number, number>();
  const largestOfKey = new Map<string, number>();
  let outOfOrder = 0;
  return {
    seen,
    note(key, number) {
      const isNew = !seen.has(number);
      seen.set(number, (seen.get(number) ?? 0) + 1);
      const largest = largestOfKey.get(key) ?? -1;
      largestOfKey.set(key, Math.max(largest, number));
      outOfOrder += isNew && number < largest ? 1 : 0;
    },
    redelivered: () => [...seen.values()].filter((count) => count > 1).length,
    outOfOrder: () => outOfOrder,
  };
}

async function startMember(kafka: Kafka, log: DeliveryLog): Promise<Consumer> {
  const consumer = kafka.consumer({
    groupId: "churn",
    sessionTimeout: 6_000,
    heartbeatInterval: 300,
    rebalanceTimeout: 4_000,
    maxWaitTimeInMs: 100,
  });
  await consumer.connect();
  await consumer.subscribe({ topic: "churn", fromBeginning: true });
  await consumer.run({
    autoCommitInterval: 200,
    eachMessage: async ({ message }) => log.note(String(message.key), Number(message.value)),
  });
  return consumer;
}

/** Sends numbers until it is stopped, each batch until it is acknowledged. `stop` returns how many there are. */
function startProducing(kafka: Kafka): { stop(): Promise<number> } {
  const stopping = new AbortController();
  async function produce(): Promise<number> {
    const producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    let next = 0;
    while (!stopping.signal.aborted) {
      const messages = Array.from({ length: batchSize }, (_, index) => ({
        key: `key-${(next + index) % keyCount}`,
        value: String(next + index),
      }));
      await producer.send({ topic: "churn", acks: -1, messages });
      next += batchSize;
    }
    await producer.disconnect();
    return next;
  }
  const done = produce();
  return {
    stop() {
      stopping.abort();
      return done;
    },
  };
}
