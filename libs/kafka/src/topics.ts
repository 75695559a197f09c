import { pause } from "@ordermesh/process/wait";
import type { KafkaClient } from "./client.ts";

export interface Topic {
  readonly name: string;
  /** Fixed for the topic's life: another number would move keys to other partitions and break their order. */
  readonly partitions: number;
}

/** Where a consumer group's records go that it could not handle. */
export function deadLetterTopic(topic: string, group: string): string {
  return `${topic}.${group}.dead-letter`;
}

/**
 * Creates topics that are missing, with the cluster's default replication. Waits for a broker that is not up yet,
 * until the signal aborts.
 */
export async function ensureTopics(
  client: KafkaClient,
  topics: readonly Topic[],
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    const admin = client.kafka.admin();
    try {
      await admin.connect();
      await admin.createTopics({
        waitForLeaders: true,
        timeout: 10_000,
        topics: topics.map(({ name, partitions }) => ({ topic: name, numPartitions: partitions })),
      });
      return;
    } catch (error) {
      if (attempt === 1 || attempt % 20 === 0) {
        client.logger.warn({ detail: (error as Error).message }, "waiting for Kafka");
      }
      await pause(Math.min(100 * attempt, 1000), signal);
    } finally {
      await admin.disconnect().catch(() => {});
    }
  }
}
