import { alwaysThere, createBatcher } from "@ordermesh/process/batcher";
import { backoffMs, pause } from "@ordermesh/process/wait";
import type { EachBatchPayload } from "kafkajs";
import type { Registry } from "prom-client";
import { type KafkaClient, requestTimeoutMs } from "./client.ts";
import { createConsumerMetrics } from "./consumer-metrics.ts";
import { handleWithRetries, type RetryPolicy } from "./handle-with-retries.ts";
import { createProducer } from "./producer.ts";
import { type IncomingRecord, recordOf } from "./record.ts";
import { deadLetterTopic } from "./topics.ts";

export interface Consumer {
  /** False while it is not a member of its group: before the first join and after a lost connection. */
  isRunning(): boolean;
  /** Finishes the records in hand, commits, and leaves the group. */
  stop(): Promise<void>;
}

export interface ConsumerOptions {
  readonly client: KafkaClient;
  readonly group: string;
  readonly topic: string;
  /** Where a group begins that has committed nothing yet: the oldest record, unless this is false. */
  readonly fromOldest?: boolean;
  /** The most records that one call of `handle` gets. */
  readonly batchMax: number;
  /**
   * Applies records; an effect must be committed when it returns, and repeating records must do no harm. They come from
   * any of the partitions, in order within each. Called with a single record when a batch failed, so that one bad
   * record can not fail its neighbours.
   */
  readonly handle: (records: readonly IncomingRecord[]) => Promise<void>;
  readonly retry: RetryPolicy;
  readonly metrics: Registry;
}

/** Partitions whose records are in hand at the same time: more than a member usually has. */
const partitionsAtOnceMax = 64;

/**
 * Consumes a topic, at least once and in order per key. A record that can not be handled
 * goes to the dead-letter topic after the policy's tries; while the database is away nothing is given up.
 */
export function startConsumer(options: ConsumerOptions): Consumer {
  const { client, group, topic } = options;
  const stopping = new AbortController();
  const producer = createProducer(client);
  const counters = createConsumerMetrics(options.metrics, topic, group);
  let running = false;
  const setRunning = (isRunning: boolean) => {
    running = isRunning;
    counters.running(isRunning);
  };

  // A fetch brings a few records of each partition, so that handling them by partition took a dozen transactions where
  // one does. Each partition still waits for its own.
  const calls = createBatcher<readonly IncomingRecord[], undefined>({
    requestsMax: options.batchMax,
    weightMax: options.batchMax,
    queueMax: Number.POSITIVE_INFINITY,
    weigh: (records) => records.length,
    async run(partitions) {
      await options.handle(partitions.flat());
      return partitions.map(() => undefined);
    },
  });
  const commits = createBatcher<EachBatchPayload, undefined>({
    requestsMax: Number.POSITIVE_INFINITY,
    weightMax: Number.POSITIVE_INFINITY,
    queueMax: Number.POSITIVE_INFINITY,
    weigh: () => 1,
    async run(payloads) {
      // Of the whole member, whichever partition asks.
      await payloads[0]?.commitOffsetsIfNecessary(payloads[0].uncommittedOffsets());
      return payloads.map(() => undefined);
    },
  });

  async function consumeBatch(payload: EachBatchPayload): Promise<void> {
    const { batch, heartbeat, resolveOffset, isRunning, isStale } = payload;
    for (let start = 0; start < batch.messages.length; start += options.batchMax) {
      if (!isRunning() || isStale() || stopping.signal.aborted) {
        return;
      }
      const messages = batch.messages.slice(start, start + options.batchMax);
      const records = messages.map((message) => recordOf(topic, batch.partition, message));
      const finished = await handleWithRetries({
        records,
        handle: (ofPartition) => calls.submit(ofPartition, alwaysThere),
        retry: options.retry,
        signal: stopping.signal,
        heartbeat,
        logger: client.logger,
        giveUp: async (record, error, attempts) => {
          await producer.publish(deadLetterTopic(topic, group), [
            deadLetterOf(record, group, error, attempts),
          ]);
          counters.gaveUp();
          client.logger.error(
            { err: error, topic, offset: `${record.offset}`, key: record.key },
            "dead letter",
          );
        },
      });
      if (!finished) {
        return;
      }
      counters.handled(messages.length);
      resolveOffset(messages.at(-1)!.offset);
      await commits.submit(payload, alwaysThere);
      await heartbeat();
    }
  }

  /** One membership: from joining the group until the connection is lost for good or we stop. */
  async function runOnce(): Promise<void> {
    const consumer = client.kafka.consumer({
      groupId: group,
      allowAutoTopicCreation: false,
      // Shorter than a request may take. A member that dies when it was about to tell the others their partitions must
      // be missed before they give up waiting for it: else they start anew, leave their former selves behind in the
      // group, and the next round waits for those. Measured until anybody consumed again: with a session of 14 s 20 s,
      // with this one 8 s.
      sessionTimeout: requestTimeoutMs - 2_000,
      heartbeatInterval: 1_000,
      // Bounds how long a stop waits for the fetch that is under way.
      maxWaitTimeInMs: 500,
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 4, restartOnFailure: async () => false },
    });
    let end = () => {};
    try {
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: options.fromOldest ?? true });
      const over = new Promise<void>((resolve) => {
        end = () => resolve();
        consumer.on(consumer.events.CRASH, ({ payload }) => {
          setRunning(false);
          client.logger.warn({ detail: payload.error.message, group }, "consumer lost its connection");
          resolve();
        });
        stopping.signal.addEventListener("abort", end, { once: true });
      });
      consumer.on(consumer.events.GROUP_JOIN, () => {
        setRunning(true);
      });
      await consumer.run({
        // It would commit after each partition's batch, one request for each.
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: partitionsAtOnceMax,
        eachBatch: consumeBatch,
      });
      await over;
    } finally {
      setRunning(false);
      stopping.signal.removeEventListener("abort", end);
      await consumer.disconnect().catch(() => {});
    }
  }

  async function runUntilStopped(): Promise<void> {
    for (let attempt = 1; !stopping.signal.aborted; attempt += 1) {
      const startedAt = Date.now();
      try {
        await runOnce();
      } catch (error) {
        if (attempt === 1 || attempt % 20 === 0) {
          client.logger.warn({ detail: (error as Error).message, group }, "consumer can not join");
        }
      }
      attempt = Date.now() - startedAt > 30_000 ? 1 : attempt;
      await pause(backoffMs(attempt, 100, 2_000), stopping.signal);
    }
  }

  const ended = runUntilStopped();
  return {
    isRunning: () => running,
    async stop() {
      stopping.abort();
      await ended;
      await producer.close();
    },
  };
}

/** The record as it was, and why it is here. The reason is cut, because brokers limit the size of a record. */
function deadLetterOf(record: IncomingRecord, group: string, error: unknown, attempts: number) {
  const reason = error instanceof Error ? error.message : String(error);
  return {
    key: record.key,
    value: record.value,
    headers: {
      ...record.headers,
      dead_letter_reason: reason.slice(0, 500),
      dead_letter_group: group,
      dead_letter_topic: record.topic,
      dead_letter_partition: `${record.partition}`,
      dead_letter_offset: `${record.offset}`,
      dead_letter_attempts: `${attempts}`,
    },
  };
}
