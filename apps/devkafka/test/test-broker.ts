import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kafka, logLevel, Partitioners } from "kafkajs";
import { type Devkafka, type DevkafkaOptions, startDevkafka } from "../src/service.ts";

/** A broker on a temporary directory, which can be stopped and started again on the same data. */
export interface TestBroker {
  readonly dataDirectory: string;
  readonly logLines: string[];
  current(): Devkafka;
  restart(): Promise<Devkafka>;
  remove(): Promise<void>;
}

export async function startTestBroker(options: Partial<DevkafkaOptions> = {}): Promise<TestBroker> {
  const dataDirectory = await mkdtemp(join(tmpdir(), "ordermesh-devkafka-"));
  const logLines: string[] = [];
  const log = (fields: object, message: string) => {
    logLines.push(`${message} ${JSON.stringify(fields)}`);
  };
  const start = () =>
    startDevkafka({
      host: "127.0.0.1",
      port: 0,
      dataDirectory,
      defaultPartitions: 2,
      fsync: false,
      logger: { info: log, warn: log },
      ...options,
    });
  let devkafka = await start();
  return {
    dataDirectory,
    logLines,
    current: () => devkafka,
    async restart() {
      await devkafka.stop();
      devkafka = await start();
      return devkafka;
    },
    async remove() {
      await devkafka.stop();
      await rm(dataDirectory, { recursive: true });
    },
  };
}

export function kafkaOf({ address }: Devkafka): Kafka {
  return new Kafka({
    brokers: [`${address.host}:${address.port}`],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 5 },
  });
}

/** Creates a topic with one partition. */
export async function createTopic(devkafka: Devkafka, topic: string): Promise<void> {
  const admin = kafkaOf(devkafka).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
  await admin.disconnect();
}

export async function produce(devkafka: Devkafka, topic: string, values: readonly string[]): Promise<void> {
  const producer = kafkaOf(devkafka).producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({ topic, messages: values.map((value) => ({ value, partition: 0 })) });
  await producer.disconnect();
}

/** The values in partition 0, in order, as kafkajs reads them. */
export async function readValues(devkafka: Devkafka, topic: string, groupId = "reader"): Promise<string[]> {
  const kafka = kafkaOf(devkafka);
  const admin = kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const expected = Number(ends.find(({ partition }) => partition === 0)?.high);
  const values: string[] = [];
  if (expected === 0) {
    return values;
  }
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        autoCommit: false,
        eachMessage: async ({ message }) => {
          values.push(message.value?.toString() ?? "");
          if (values.length >= expected) {
            resolve();
          }
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return values;
}
