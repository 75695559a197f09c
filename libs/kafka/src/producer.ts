import { Failure } from "@ordermesh/failure/failure";
import { withTimeout } from "@ordermesh/process/wait";
import { type Producer as KafkajsProducer, Partitioners } from "kafkajs";
import type { KafkaClient } from "./client.ts";
import type { OutgoingRecord } from "./record.ts";

export interface Producer {
  /**
   * Sends records, in order per key, and waits until all in-sync replicas have them.
   *
   * @throws Failure `unavailable` when the broker did not take all of them within 15 seconds. Some may have been taken: send all of
   * them again, and let consumers drop what they have seen.
   */
  publish(topic: string, records: readonly OutgoingRecord[]): Promise<void>;
  close(): Promise<void>;
}

/** With its retries the library would wait for minutes for a broker that is silent. */
const publishTimeoutMs = 15_000;

/**
 * An idempotent producer: a retry inside the library makes no duplicates. After an error it is replaced, because a
 * producer whose sequence numbers the broker no longer knows would fail for ever.
 *
 * Calls wait for each other. When an answer is lost, the library takes the sequence numbers of those records back and
 * sends them again; another call that came in between would get the same numbers, and the broker would drop its
 * records as repeated.
 */
export function createProducer(client: KafkaClient): Producer {
  let current: Promise<KafkajsProducer> | undefined;
  let last: Promise<void> = Promise.resolve();

  async function connect(): Promise<KafkajsProducer> {
    const producer = client.kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 4 },
    });
    await producer.connect();
    return producer;
  }

  function forget(): void {
    const former = current;
    current = undefined;
    former?.then((producer) => producer.disconnect()).catch(() => {});
  }

  async function send(topic: string, records: readonly OutgoingRecord[]): Promise<void> {
    current ??= connect();
    const sent = current.then((producer) =>
      producer.send({
        topic,
        acks: -1,
        timeout: 10_000,
        messages: records.map((record) => ({
          key: record.key,
          value: Buffer.from(record.value.buffer, record.value.byteOffset, record.value.byteLength),
          headers: { ...record.headers },
        })),
      }),
    );
    try {
      await withTimeout(sent, publishTimeoutMs, () => new Error(`no answer within ${publishTimeoutMs} ms`));
    } catch (error) {
      forget();
      throw new Failure("unavailable", "Kafka did not take the records. Try again shortly.", {
        reason: "KAFKA_UNAVAILABLE",
        retryAfterMs: 1000,
        cause: error,
      });
    }
  }

  return {
    publish(topic, records) {
      const sent = last.then(() => send(topic, records));
      last = sent.catch(() => {});
      return sent;
    },
    async close() {
      await last;
      const connected = current;
      current = undefined;
      await connected?.then((producer) => producer.disconnect()).catch(() => {});
    },
  };
}
