import { randomUUID } from "node:crypto";
import { testLogger } from "@ordermesh/testkit/test-logger";
import { Registry } from "prom-client";
import { createKafkaClient, type KafkaClient } from "../src/client.ts";
import { type Consumer, type ConsumerOptions, startConsumer } from "../src/consumer.ts";
import { createProducer, type Producer } from "../src/producer.ts";
import { readToEnd } from "../src/read-to-end.ts";
import type { IncomingRecord, OutgoingRecord } from "../src/record.ts";
import { deadLetterTopic, ensureTopics } from "../src/topics.ts";

/** The parts of one test file, which are all stopped at its end. */
export interface KafkaHarness {
  readonly client: KafkaClient;
  readonly producer: Producer;
  /** Starts a consumer with its own metrics, in the group of its topic unless another is named. */
  startConsumer(topic: string, options: TestConsumerOptions): Consumer & { readonly metrics: Registry };
  /** A new topic with a dead-letter topic for its group. */
  createTopic(partitions: number): Promise<string>;
  readAll(topic: string): Promise<IncomingRecord[]>;
  close(): Promise<void>;
}

type TestConsumerOptions = Pick<ConsumerOptions, "handle"> &
  Partial<Pick<ConsumerOptions, "group" | "batchMax" | "fromOldest">>;

export const retry = { attemptsMax: 3, backoffBaseMs: 5, backoffMaxMs: 20 };

/** The group of a topic's consumers. */
export const groupOf = (topic: string) => `${topic}.group`;

export function createKafkaHarness(brokers: readonly string[]): KafkaHarness {
  const client = createKafkaClient({ brokers, clientId: "kafka-test", logger: testLogger() });
  const producer = createProducer(client);
  const closers: (() => Promise<void>)[] = [producer.close];
  return {
    client,
    producer,
    startConsumer(topic, options) {
      const metrics = new Registry();
      const consumer = startConsumer({
        client,
        topic,
        group: groupOf(topic),
        batchMax: 100,
        retry,
        metrics,
        ...options,
      });
      closers.push(consumer.stop);
      return { ...consumer, metrics };
    },
    async createTopic(partitions) {
      const topic = `test-${randomUUID()}`;
      const deadLetters = deadLetterTopic(topic, groupOf(topic));
      await ensureTopics(
        client,
        [
          { name: topic, partitions },
          { name: deadLetters, partitions: 1 },
        ],
        AbortSignal.timeout(20_000),
      );
      return topic;
    },
    async readAll(topic) {
      const read: IncomingRecord[] = [];
      const onRecords = (records: readonly IncomingRecord[]) => {
        read.push(...records);
      };
      await readToEnd({ client, topic, timeoutMs: 20_000, onRecords });
      return read;
    },
    async close() {
      for (const close of closers.splice(0).reverse()) {
        await close();
      }
    },
  };
}

/** Records `0` to `count - 1`, numbered on from `first`, over so many keys. */
export function numbered(
  count: number,
  options: { readonly keys: number; readonly first?: number },
): OutgoingRecord[] {
  const { keys, first = 0 } = options;
  return Array.from({ length: count }, (_, index) => ({
    key: `key-${(first + index) % keys}`,
    value: Buffer.from(`${first + index}`),
    headers: { ce_id: `${first + index}` },
  }));
}

export const textOf = (record: IncomingRecord) => Buffer.from(record.value).toString();
