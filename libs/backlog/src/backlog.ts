import type { KafkaClient } from "@ordermesh/kafka/client";
import type { Consumer } from "@ordermesh/kafka/consumer";
import { findCommittedOffsets, findRanges } from "@ordermesh/kafka/read-to-end";
import type { Database } from "@ordermesh/postgres/database";
import { openDeadLetterBox } from "./dead-letters.ts";

/** A consumer of a service. */
export interface WatchedConsumer {
  readonly topic: string;
  readonly group: string;
  /** That of this process, once it has one. */
  readonly consumer: () => Pick<Consumer, "isRunning"> | undefined;
}

export interface OutboxFigures {
  readonly depth: number;
  readonly oldestAgeMs: number;
}

/** Events that are not on Kafka yet, counted up to 100,000. */
export async function readOutbox(database: Database): Promise<OutboxFigures> {
  return await database.read(async (db) => {
    const [row] = await db.query<{ depth: number; oldest_age_ms: number }>(
      `select (select count(*)::int from (select from outbox limit 100000) as counted) as depth,
         coalesce((select extract(epoch from clock_timestamp() - created_at) * 1000
           from outbox order by id limit 1), 0)::float8 as oldest_age_ms`,
    );
    return { depth: row?.depth ?? 0, oldestAgeMs: Math.max(0, row?.oldest_age_ms ?? 0) };
  });
}

/** Records of the topic that the group has not handled yet. @throws Failure `unavailable` while the broker is away. */
export async function readLag(client: KafkaClient, topic: string, group: string): Promise<bigint> {
  const [ranges, committed] = await Promise.all([
    findRanges(client, topic),
    findCommittedOffsets(client, group, topic),
  ]);
  return (ranges ?? []).reduce((sum, { partition, low, high }) => {
    const committedTo = committed.get(partition) ?? 0n;
    const reached = committedTo > low ? committedTo : low;
    // Both are asked for at once: the group may have come further than the end that was read.
    return sum + (high > reached ? high - reached : 0n);
  }, 0n);
}

/** One consumer with the box of what it gave up. */
export function openConsumerBacklog(client: KafkaClient, { topic, group, consumer }: WatchedConsumer) {
  return {
    topic,
    group,
    /** Whether this process is a member of the group now. */
    isRunning: () => consumer()?.isRunning() ?? false,
    box: openDeadLetterBox({ client, topic, group }),
  };
}
