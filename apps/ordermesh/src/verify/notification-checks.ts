import type { KafkaClient } from "@ordermesh/kafka/client";
import { findCommittedOffsets, readToEnd } from "@ordermesh/kafka/read-to-end";
import { deadLetterTopic } from "@ordermesh/kafka/topics";
import type { Queryable } from "@ordermesh/postgres/tx";
import { ordersTopic, type TopicContents } from "./event-checks.ts";
import type { CheckResult, Finding } from "./finding.ts";

const group = "notifications.order-events";

/**
 * I11: each event that the consumer group has committed is in its inbox and has one notification (at most one
 * if it is of a type of which buyers are not always told, none if nobody is told of it), or is a dead letter. The committed offsets are read before the database, because the effect is there before the commit.
 */
export async function checkNotifications(options: {
  readonly committed: ReadonlyMap<number, bigint>;
  readonly deadLetterIds: ReadonlySet<string>;
  readonly topic: TopicContents;
  readonly db: Queryable;
}): Promise<CheckResult> {
  const { committed, deadLetterIds, topic, db } = options;
  const inbox = await db.query<{ event_id: string }>("select event_id from inbox where consumer_group = $1", [
    group,
  ]);
  const notified = await db.query<{ event_id: string; count: bigint }>(
    "select event_id, count(*) as count from notifications group by event_id",
  );
  const inInbox = new Set(inbox.map((row) => row.event_id));
  const notifications = new Map(notified.map((row) => [row.event_id, Number(row.count)]));

  const handled = new Set(
    [...topic.eventIds].filter(([place]) => isBelow(place, committed)).map(([, eventId]) => eventId),
  );
  const findings: Finding[] = [];
  for (const eventId of handled) {
    if (!inInbox.has(eventId) && !deadLetterIds.has(eventId)) {
      findings.push({
        invariant: "I11",
        text: `event ${eventId} was committed by ${group} without an effect`,
      });
    }
  }
  for (const eventId of inInbox) {
    const count = notifications.get(eventId) ?? 0;
    const wanted = topic.untoldIds.has(eventId) ? 0 : 1;
    const mayBeQuiet = topic.quietTypeIds.has(eventId) && count === 0;
    if (count !== wanted && !mayBeQuiet) {
      findings.push({ invariant: "I11", text: `event ${eventId} has ${count} notifications` });
    }
  }
  return {
    invariant: "I11",
    claim: `each event that ${group} has read had one effect`,
    examined: handled.size,
    findings,
  };
}

function isBelow(place: string, committed: ReadonlyMap<number, bigint>): boolean {
  const [partition = "", offset = ""] = place.split("/");
  return BigInt(offset) < (committed.get(Number(partition)) ?? 0n);
}

/** How far the consumer group has come, and what it gave up on the way. */
export async function readConsumerState(client: KafkaClient, timeoutMs: number) {
  const committed = await findCommittedOffsets(client, group, ordersTopic);
  const deadLetterIds = new Set<string>();
  await readToEnd({
    client,
    topic: deadLetterTopic(ordersTopic, group),
    timeoutMs,
    onRecords(records) {
      for (const { headers } of records) {
        deadLetterIds.add(headers.ce_id ?? "");
      }
    },
  });
  return { committed, deadLetterIds };
}
