import type { KafkaClient } from "@ordermesh/kafka/client";
import { createProducer } from "@ordermesh/kafka/producer";
import { findCommittedOffsets, findRanges, readToEnd } from "@ordermesh/kafka/read-to-end";
import type { IncomingRecord, OutgoingRecord } from "@ordermesh/kafka/record";
import { deadLetterTopic } from "@ordermesh/kafka/topics";

/** A record that a consumer group gave up and that nobody has sent back. */
export interface DeadLetter {
  /** Of its dead-letter topic. */
  readonly id: string;
  readonly key: string;
  readonly value: Uint8Array;
  /** As they were before it was given up. */
  readonly headers: Readonly<Record<string, string>>;
  readonly reason: string;
  readonly attempts: number;
  /** Where it came from. */
  readonly partition: number;
  readonly offset: bigint;
  readonly givenUpAtMs: number;
}

/** What one consumer group gave up of one topic. */
export interface DeadLetterBox {
  readonly topic: string;
  readonly group: string;
  /** Those that nobody sent back, oldest first. @throws Failure `unavailable` while the broker is away. */
  list(): Promise<readonly DeadLetter[]>;
  /**
   * Sends letters back to the topic that they came from, as they were. Ids that are not in the list any more are left out.
   *
   * @returns how many were sent.
   * @throws Failure `unavailable` when the broker goes away; what was sent by then stays sent, and may come a second time.
   */
  redrive(ids: readonly string[] | "all"): Promise<number>;
}

/** A dead-letter topic is read whole, so it must not take for ever. */
const readTimeoutMs = 30_000;

/** Letters that are sent, and noted as sent, at once. */
const batchMax = 200;

/** On a record that says of another one that it was sent back: so a topic knows it itself, and so does every replica. */
const redrivenHeader = "dead_letter_redriven";

/** Reads and empties a dead-letter topic. It is only read when something has been written to it since the last time. */
export function openDeadLetterBox(options: {
  readonly client: KafkaClient;
  readonly topic: string;
  readonly group: string;
}): DeadLetterBox {
  const { client, topic, group } = options;
  const deadTopic = deadLetterTopic(topic, group);
  // How far the command line of earlier versions came, which noted it as a consumer group does.
  const formerGroup = `ordermesh.redrive.${group}`;
  let last: { readonly ends: string; readonly letters: Promise<readonly DeadLetter[]> } | undefined;

  async function read(): Promise<readonly DeadLetter[]> {
    const sentBefore = await findCommittedOffsets(client, formerGroup, deadTopic);
    const letters: DeadLetter[] = [];
    const redriven = new Set<string>();
    await readToEnd({
      client,
      topic: deadTopic,
      timeoutMs: readTimeoutMs,
      onRecords(records) {
        for (const record of records) {
          const marked = record.headers[redrivenHeader];
          if (marked !== undefined) {
            redriven.add(marked);
          } else if (record.offset >= (sentBefore.get(record.partition) ?? 0n)) {
            letters.push(letterOf(record));
          }
        }
      },
    });
    return letters
      .filter(({ id }) => !redriven.has(id))
      .sort((a, b) => a.givenUpAtMs - b.givenUpAtMs || (a.id < b.id ? -1 : 1));
  }

  async function list(): Promise<readonly DeadLetter[]> {
    const ranges = (await findRanges(client, deadTopic)) ?? [];
    if (ranges.length === 0) {
      return [];
    }
    const ends = ranges.map(({ partition, low, high }) => `${partition}:${low}-${high}`).join();
    if (last?.ends !== ends) {
      const letters = read();
      last = { ends, letters };
      letters.catch(() => {
        last = undefined;
      });
    }
    return await last.letters;
  }

  return {
    topic,
    group,
    list,
    async redrive(ids) {
      const wanted = ids === "all" ? undefined : new Set(ids);
      const letters = (await list()).filter(({ id }) => wanted === undefined || wanted.has(id));
      const producer = createProducer(client);
      try {
        for (let start = 0; start < letters.length; start += batchMax) {
          const batch = letters.slice(start, start + batchMax);
          await producer.publish(topic, batch.map(originalOf));
          await producer.publish(deadTopic, batch.map(markOf));
        }
      } finally {
        await producer.close();
        last = undefined;
      }
      return letters.length;
    },
  };
}

function originalOf({ key, value, headers }: DeadLetter): OutgoingRecord {
  return { key, value, headers };
}

function markOf({ id, key }: DeadLetter): OutgoingRecord {
  return { key, value: new Uint8Array(), headers: { [redrivenHeader]: id } };
}

function letterOf({ partition, offset, key, value, headers, writtenAtMs = 0 }: IncomingRecord): DeadLetter {
  const own = Object.entries(headers).filter(([name]) => !name.startsWith("dead_letter_"));
  return {
    id: `${partition}-${offset}`,
    key,
    value,
    headers: Object.fromEntries(own),
    reason: headers.dead_letter_reason ?? "",
    attempts: numberOf(headers.dead_letter_attempts),
    partition: numberOf(headers.dead_letter_partition),
    offset: BigInt(numberOf(headers.dead_letter_offset)),
    givenUpAtMs: writtenAtMs,
  };
}

/** Anybody may write to a topic: what is no number is taken for none. */
function numberOf(text: string | undefined): number {
  return /^\d{1,15}$/.test(text ?? "") ? Number(text) : 0;
}
