import { randomUUID } from "node:crypto";
import { eventually } from "@ordermesh/testkit/eventually";
import {
  type Admin,
  type Consumer,
  type ConsumerConfig,
  type ISocketFactory,
  Kafka,
  type KafkaMessage,
  logLevel,
  Partitioners,
  type Producer,
  type ProducerConfig,
} from "kafkajs";
import { expect } from "vitest";

export interface ReceivedMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly timestamp: string;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: KafkaMessage["headers"];
}

/** kafkajs clients of one test, so that all of them can be closed after it. */
export interface Clients {
  readonly admin: Admin;
  producer(options?: ProducerConfig, socketFactory?: ISocketFactory): Promise<Producer>;
  consumer(options: ConsumerConfig, socketFactory?: ISocketFactory): Promise<Consumer>;
  /** Creates a topic of this name's kind and returns its unique name. */
  createTopic(kind: string, numPartitions: number): Promise<string>;
  /** Everything that is in a topic now, in the order of each partition. */
  readAll(topic: string): Promise<ReceivedMessage[]>;
  close(): Promise<void>;
}

export function uniqueName(kind: string): string {
  return `${kind}-${randomUUID().slice(0, 8)}`;
}

export function toReceived(topic: string, partition: number, message: KafkaMessage): ReceivedMessage {
  const { offset, timestamp, headers } = message;
  const key = message.key?.toString() ?? null;
  const value = message.value?.toString() ?? null;
  return { topic, partition, offset, timestamp, key, value, headers };
}

export async function connectClients(brokers: string[]): Promise<Clients> {
  const closers: (() => Promise<void>)[] = [];
  const connect = (socketFactory?: ISocketFactory) =>
    new Kafka({
      clientId: "conformance",
      brokers,
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 50, maxRetryTime: 1_000, retries: 12 },
      ...(socketFactory && { socketFactory }),
    });
  const kafka = connect();
  const admin = kafka.admin();
  await admin.connect();
  closers.push(() => admin.disconnect());

  const clients: Clients = {
    admin,
    async producer(options, socketFactory) {
      const producer = connect(socketFactory).producer({
        createPartitioner: Partitioners.DefaultPartitioner,
        ...options,
      });
      await producer.connect();
      closers.push(() => producer.disconnect());
      return producer;
    },
    async consumer(options, socketFactory) {
      const consumer = connect(socketFactory).consumer({
        sessionTimeout: 6_000,
        heartbeatInterval: 300,
        rebalanceTimeout: 10_000,
        maxWaitTimeInMs: 200,
        ...options,
      });
      await consumer.connect();
      closers.push(() => consumer.disconnect());
      return consumer;
    },
    async createTopic(kind, numPartitions) {
      const topic = uniqueName(kind);
      await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true });
      return topic;
    },
    async readAll(topic) {
      const ends = await admin.fetchTopicOffsets(topic);
      const expected = ends.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0);
      const received: ReceivedMessage[] = [];
      const consumer = await clients.consumer({ groupId: uniqueName("reader") });
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachMessage: async ({ partition, message }) => {
          received.push(toReceived(topic, partition, message));
        },
      });
      await eventually(() => expect(received.length).toBeGreaterThanOrEqual(expected));
      return received;
    },
    async close() {
      for (const close of closers.splice(0).reverse()) {
        await close();
      }
    },
  };
  return clients;
}
