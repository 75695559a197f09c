import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Failure } from "@ordermesh/failure/failure";
import type { KafkaClient } from "@ordermesh/kafka/client";
import type { Database } from "@ordermesh/postgres/database";
import { withTimeout } from "@ordermesh/process/wait";
import {
  BacklogService,
  type GivenUpRecord,
  GivenUpRecordSchema,
  type OutboxBacklogSchema,
} from "@ordermesh/proto/ordermesh/operations/v1/backlog_pb";
import { type BoundService, bindService } from "@ordermesh/rpc/bound-service";
import { openConsumerBacklog, readLag, readOutbox, type WatchedConsumer } from "./backlog.ts";
import type { DeadLetter, DeadLetterBox } from "./dead-letters.ts";

/** Of one group and topic; a page is not made for more. */
const listedMax = 500;

/** Of values in one answer: more would not fit into a message. What is beyond is listed without its value. */
const valueBytesMax = 2 * 1024 * 1024;

/** Longer than a healthy broker takes, and shorter than the caller waits. */
const brokerTimeoutMs = 8_000;

/** Serves what waits inside of a service. Its own port, its own database and its own consumers: nobody reads another's. */
export function bindBacklogService(options: {
  readonly client: KafkaClient;
  /** With the table `outbox`; undefined for a service that publishes nothing. */
  readonly outbox: Database | undefined;
  readonly consumers: readonly WatchedConsumer[];
}): BoundService {
  const { client, outbox } = options;
  const consumers = options.consumers.map((consumer) => openConsumerBacklog(client, consumer));

  async function consumerFigures() {
    return await Promise.all(
      consumers.map(async ({ topic, group, isRunning, box }) => {
        const [lag, letters] = await Promise.all([readLag(client, topic, group), box.list()]);
        return { topic, group, running: isRunning(), lag, deadLetters: BigInt(letters.length) };
      }),
    );
  }

  return bindService(BacklogService, {
    async getBacklog() {
      const [waiting, figures] = await Promise.all([
        outbox && readOutbox(outbox),
        soon(consumerFigures()).then(
          (found) => ({ found, problem: "" }),
          (error: unknown) => ({ found: undefined, problem: problemOf(error) }),
        ),
      ]);
      const unknown = consumers.map(({ topic, group, isRunning }) => ({
        topic,
        group,
        running: isRunning(),
      }));
      return {
        backlog: {
          ...(waiting !== undefined && { outbox: outboxMessage(waiting) }),
          consumers: figures.found ?? unknown,
          brokerProblem: figures.problem,
        },
      };
    },

    async listGivenUpRecords() {
      const found = await soon(
        Promise.all(consumers.map(async ({ box }) => ({ box, letters: await box.list() }))),
      );
      let bytesLeft = valueBytesMax;
      const records = found.flatMap(({ box, letters }) =>
        letters.slice(0, listedMax).map((letter) => {
          const { byteLength } = letter.value;
          const fits = byteLength <= bytesLeft;
          bytesLeft -= fits ? byteLength : 0;
          return recordMessage(box, fits ? letter : { ...letter, value: new Uint8Array() });
        }),
      );
      return {
        records,
        total: found.reduce((sum, { letters }) => sum + letters.length, 0),
      };
    },

    async redriveGivenUpRecords({ group, ids }) {
      const boxes = consumers.map(({ box }) => box).filter((box) => group === "" || box.group === group);
      if (boxes.length === 0) {
        throw new Failure("not_found", `This service has no consumer group "${group}".`, {
          reason: "GROUP_NOT_FOUND",
        });
      }
      let redriven = 0;
      for (const box of boxes) {
        redriven += await box.redrive(ids.length === 0 ? "all" : ownIds(box, ids));
      }
      return { redriven };
    },
  });
}

function soon<Result>(work: Promise<Result>): Promise<Result> {
  return withTimeout(
    work,
    brokerTimeoutMs,
    () =>
      new Failure("unavailable", "The broker does not answer.", {
        reason: "BROKER_UNAVAILABLE",
        retryAfterMs: 1_000,
      }),
  );
}

function problemOf(error: unknown): string {
  return error instanceof Failure ? error.message : "The consumers' figures can not be read.";
}

function outboxMessage({ depth, oldestAgeMs }: { readonly depth: number; readonly oldestAgeMs: number }) {
  const wholeMs = Math.round(oldestAgeMs);
  const message: MessageInitShape<typeof OutboxBacklogSchema> = {
    depth,
    oldestAge: { seconds: BigInt(Math.floor(wholeMs / 1_000)), nanos: (wholeMs % 1_000) * 1_000_000 },
  };
  return message;
}

/** A service with two consumers must be able to tell whose a record is. */
function idOf({ group }: DeadLetterBox, { id }: DeadLetter): string {
  return `${group}:${id}`;
}

function ownIds({ group }: DeadLetterBox, ids: readonly string[]): string[] {
  return ids.filter((id) => id.startsWith(`${group}:`)).map((id) => id.slice(group.length + 1));
}

function recordMessage(box: DeadLetterBox, letter: DeadLetter): GivenUpRecord {
  const { headers } = letter;
  return create(GivenUpRecordSchema, {
    id: idOf(box, letter),
    topic: box.topic,
    partition: letter.partition,
    offset: letter.offset,
    group: box.group,
    reason: letter.reason,
    attempts: letter.attempts,
    givenUpTime: timestampFromMs(letter.givenUpAtMs),
    eventType: headers.ce_type ?? "",
    eventId: headers.ce_id ?? "",
    subject: headers.ce_subject ?? "",
    traceparent: headers.traceparent ?? "",
    key: letter.key,
    value: letter.value,
  });
}
