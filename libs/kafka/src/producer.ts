import { Failure } from "@ordermesh/failure/failure";
import { type Producer as KafkajsProducer, Partitioners } from "kafkajs";
import type { KafkaClient } from "./client.ts";
import type { OutgoingRecord } from "./record.ts";

export interface Producer {
  /**
   * Sends records, in order per key, and waits until all in-sync replicas have them.
   *
   * @throws Failure `unavailable` when the broker did not take all of them. Some may have been taken: send all of
   * them again, and let consumers drop what they have seen.
   */
  publish(topic: string, records: readonly OutgoingRecord[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * An idempotent producer: a retry inside the library makes no duplicates. After an error it is replaced, because a
 * producer whose sequence numbers the broker no longer knows would fail for ever.
 */
export function createProducer(client: KafkaClient): Producer {
  let current: Promise<KafkajsProducer> | undefined;

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

  return {
    async publish(topic, records) {
      current ??= connect();
      try {
        const producer = await current;
        await producer.send({
          topic,
          acks: -1,
          timeout: 10_000,
          messages: records.map((record) => ({
            key: record.key,
            value: Buffer.from(record.value.buffer, record.value.byteOffset, record.value.byteLength),
            headers: { ...record.headers },
          })),
        });
      } catch (error) {
        forget();
        throw new Failure("unavailable", "Kafka did not take the records. Try again shortly.", {
          reason: "KAFKA_UNAVAILABLE",
          retryAfterMs: 1000,
          cause: error,
        });
      }
    },
    async close() {
      const last = current;
      current = undefined;
      await last?.then((producer) => producer.disconnect()).catch(() => {});
    },
  };
}
