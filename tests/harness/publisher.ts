import { createKafkaClient } from "@ordermesh/kafka/client";
import { createProducer } from "@ordermesh/kafka/producer";
import { readToEnd } from "@ordermesh/kafka/read-to-end";
import { ensureTopics } from "@ordermesh/kafka/topics";
import { pause } from "@ordermesh/process/wait";
import { testLogger } from "@ordermesh/testkit/test-logger";

/** Publishes one call after the other, each to all partitions, and repeats those that fail, as a relay does. */
export interface Publisher {
  /** Ends it, and compares what was acknowledged with what is there. */
  finish(): Promise<PublisherResult>;
  /** Ends it when the test has failed. */
  abandon(): Promise<void>;
}

export interface PublisherResult {
  readonly acknowledged: number;
  /** Calls that failed, and were repeated. */
  readonly failures: number;
  /** Acknowledged records that nobody can read; there must be none. */
  readonly missing: readonly string[];
}

const topic = "test.acknowledged.v1";
const partitions = 12;
const recordsPerCall = 3 * partitions;
const pauseMs = 10;

export async function startPublisher(brokers: readonly string[]): Promise<Publisher> {
  const client = createKafkaClient({ brokers, clientId: "publisher", logger: testLogger() });
  await ensureTopics(client, [{ name: topic, partitions }], AbortSignal.timeout(30_000));
  const producer = createProducer(client);
  const stopping = new AbortController();
  const acknowledged: string[] = [];
  let failures = 0;

  async function publishCalls(): Promise<void> {
    for (let first = 0; !stopping.signal.aborted; first += recordsPerCall) {
      const records = Array.from({ length: recordsPerCall }, (_, index) => ({
        key: `${first + index}`,
        value: Buffer.from("record"),
        headers: {},
      }));
      while (!(await isPublished(records)) && !stopping.signal.aborted) {
        failures += 1;
        await pause(100, stopping.signal);
      }
      await pause(pauseMs, stopping.signal);
    }
  }

  async function isPublished(records: Parameters<typeof producer.publish>[1]): Promise<boolean> {
    try {
      await producer.publish(topic, records);
      acknowledged.push(...records.map(({ key }) => key));
      return true;
    } catch {
      return false;
    }
  }

  const ended = publishCalls();
  async function stop(): Promise<void> {
    stopping.abort();
    await ended;
    await producer.close();
  }

  return {
    abandon: stop,
    async finish() {
      await stop();
      const found = new Set<string>();
      await readToEnd({
        client,
        topic,
        timeoutMs: 60_000,
        onRecords(records) {
          for (const { key } of records) {
            found.add(key);
          }
        },
      });
      const missing = acknowledged.filter((key) => !found.has(key));
      return { acknowledged: acknowledged.length, failures, missing };
    },
  };
}
