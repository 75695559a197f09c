import { randomUUID } from "node:crypto";
import { Failure } from "@ordermesh/failure/failure";
import { withTimeout } from "@ordermesh/process/wait";
import type { EachBatchPayload } from "kafkajs";
import type { KafkaClient } from "./client.ts";
import { type IncomingRecord, recordOf } from "./record.ts";

/** How far a partition reaches: from the first record that is still there to just after the last. */
export interface PartitionRange {
  readonly partition: number;
  readonly low: bigint;
  readonly high: bigint;
}

/**
 * Where the partitions of a topic begin and end now.
 *
 * @returns undefined if there is no such topic.
 * @throws Failure `unavailable` when the broker can not be reached.
 */
export async function findRanges(client: KafkaClient, topic: string): Promise<PartitionRange[] | undefined> {
  const admin = client.kafka.admin();
  try {
    await admin.connect();
    if (!(await admin.listTopics()).includes(topic)) {
      return undefined;
    }
    const offsets = await admin.fetchTopicOffsets(topic);
    return offsets.map(({ partition, low, high }) => ({ partition, low: BigInt(low), high: BigInt(high) }));
  } catch (error) {
    throw unreachable(error);
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

/** The offset up to which a group has committed, by partition; 0 where it has not. */
export async function findCommittedOffsets(
  client: KafkaClient,
  group: string,
  topic: string,
): Promise<Map<number, bigint>> {
  const admin = client.kafka.admin();
  try {
    await admin.connect();
    const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    return new Map(
      (found?.partitions ?? []).map(({ partition, offset }) => [
        partition,
        BigInt(offset) < 0n ? 0n : BigInt(offset),
      ]),
    );
  } catch (error) {
    throw unreachable(error);
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

/**
 * Reads a topic to where it ended when the call was made, partition by partition in order, and leaves.
 *
 * @param options.group goes on where this group stopped the last time, and notes how far it came after each call of
 * `onRecords`; without it everything is read and nothing noted.
 * @param options.timeoutMs the longest that the whole reading may take.
 * @throws Failure `unavailable` when the broker is away, `deadline_exceeded` when it took too long; whatever
 * `onRecords` throws, with its records not noted.
 */
export async function readToEnd(options: {
  readonly client: KafkaClient;
  readonly topic: string;
  readonly group?: string;
  readonly timeoutMs: number;
  readonly onRecords: (records: readonly IncomingRecord[]) => Promise<void> | void;
}): Promise<void> {
  const { client, topic, group, timeoutMs, onRecords } = options;
  const ranges = (await findRanges(client, topic)) ?? [];
  const committed =
    group === undefined ? new Map<number, bigint>() : await findCommittedOffsets(client, group, topic);
  const unread = new Map(
    ranges
      .filter(({ partition, low, high }) => high > low && (committed.get(partition) ?? 0n) < high)
      .map(({ partition, high }) => [partition, high]),
  );
  if (unread.size === 0) {
    return;
  }

  const groupId = group ?? `ordermesh.reader.${randomUUID()}`;
  const consumer = client.kafka.consumer({ groupId, allowAutoTopicCreation: false, maxWaitTimeInMs: 200 });
  const finished = createFinish();
  const eachBatch = async ({
    batch,
    resolveOffset,
    commitOffsetsIfNecessary,
    heartbeat,
  }: EachBatchPayload) => {
    const end = unread.get(batch.partition) ?? 0n;
    const messages = batch.messages.filter((message) => BigInt(message.offset) < end);
    const last = messages.at(-1);
    if (last !== undefined) {
      await finished.failWith(() =>
        onRecords(messages.map((message) => recordOf(topic, batch.partition, message))),
      );
      resolveOffset(last.offset);
      await commitOffsetsIfNecessary();
      await heartbeat();
    }
    if (BigInt(batch.lastOffset()) + 1n >= end) {
      unread.delete(batch.partition);
    }
    if (unread.size === 0) {
      finished.finish();
    }
  };

  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    consumer.on(consumer.events.CRASH, ({ payload }) => finished.fail(unreachable(payload.error)));
    const commits = group === undefined ? { autoCommit: false } : { autoCommitThreshold: 1 };
    await consumer.run({ ...commits, eachBatch, eachBatchAutoResolve: false });
    await withTimeout(finished.promise, timeoutMs, () => tooLate(topic, timeoutMs));
  } finally {
    await consumer.disconnect().catch(() => {});
    if (group === undefined) {
      await forgetGroup(client, groupId);
    }
  }
}

/** A promise that whoever holds this settles, once. */
function createFinish() {
  let finish = () => {};
  let fail: (error: unknown) => void = () => {};
  const promise = new Promise<void>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  // It may be settled before anybody waits for it.
  promise.catch(() => {});
  return {
    promise,
    finish,
    fail,
    async failWith(work: () => Promise<void> | void): Promise<void> {
      try {
        await work();
      } catch (error) {
        fail(error);
        throw error;
      }
    },
  };
}

/** Leaves nothing behind; a broker that will not forget the group expires it by itself. */
async function forgetGroup(client: KafkaClient, groupId: string): Promise<void> {
  const admin = client.kafka.admin();
  try {
    await admin.connect();
    await admin.deleteGroups([groupId]);
  } catch {
    client.logger.debug({ groupId }, "the reader's group stays until it expires");
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

function unreachable(cause: unknown): Failure {
  return new Failure(
    "unavailable",
    "Kafka can not be reached. Is the broker up, and is KAFKA_BROKERS right?",
    {
      reason: "KAFKA_UNAVAILABLE",
      cause,
    },
  );
}

function tooLate(topic: string, timeoutMs: number): Failure {
  return new Failure(
    "deadline_exceeded",
    `Topic ${topic} could not be read to its end within ${timeoutMs} ms.`,
    {
      reason: "KAFKA_TIMEOUT",
    },
  );
}
