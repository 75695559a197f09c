import type { Producer } from "@ordermesh/kafka/producer";
import type { OutgoingRecord } from "@ordermesh/kafka/record";
import { openPipelinedSession } from "@ordermesh/postgres/pipelined-session";
import { arrayLiteral, type Tx } from "@ordermesh/postgres/tx";
import { backoffMs, pause } from "@ordermesh/process/wait";
import { createWakeUp } from "@ordermesh/process/wake-up";
import type { Logger } from "@ordermesh/telemetry/logger";
import { parseTraceparent, SpanKind, type Tracing, traceparentOf } from "@ordermesh/telemetry/tracing";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";

export interface Relay {
  /** Tells that a transaction with events has been committed, so that they need not wait for the next look. */
  wake(): void;
  /** Publishes what is in hand and ends. */
  stop(): Promise<void>;
}

export interface RelayOptions {
  readonly databaseUrl: string;
  readonly producer: Producer;
  readonly topic: string;
  /** The CloudEvents source of all events, such as "ordermesh/loms". */
  readonly source: string;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly tracing: Tracing;
}

interface OutboxRow {
  readonly id: bigint;
  readonly aggregate_id: bigint;
  readonly type: string;
  readonly payload: Uint8Array;
  readonly traceparent: string | null;
  readonly created_at: Date;
}

/** Rows per cycle: enough that a cycle's round trips do not count. */
const batchMax = 500;

/**
 * Bytes per cycle. All rows of one key are one batch of one partition, and brokers refuse batches above 1 MiB: without
 * this bound a few large events would be refused together for ever.
 */
const batchBytesMax = 900_000;

/**
 * How long a lone event waits if nobody called `wake`: another replica's, or one of a process that died after commit.
 */
const lookEveryMs = 100;

/** A replica that is not leading only has to notice that the leader is gone. */
const standbyEveryMs = 500;

/** Longer than one publish with all its retries; after that the cycle is given up and the lock falls free. */
const cycleTimeoutMs = 20_000;

/** Any number, the same in every replica; each service has a database, and so a lock, of its own. */
const leaderLock = 5_190_127;

/**
 * Carries outbox rows to Kafka: select, publish, delete. A row is deleted only after the broker has it, so every
 * event arrives at least once. One replica at a time does this: the cycle's transaction holds an advisory lock, which
 * falls free with its connection, so that a killed leader is replaced within half a second. A leader whose connection
 * died while it was publishing may publish rows that its successor publishes too, but never ahead of older ones:
 * the first sightings of each key stay in order.
 */
export function startRelay(options: RelayOptions): Relay {
  const { producer, topic, logger } = options;
  const session = openPipelinedSession({
    url: options.databaseUrl,
    applicationName: "relay",
    timeoutMs: cycleTimeoutMs,
  });
  const stopping = new AbortController();
  const wakeUp = createWakeUp(stopping.signal);
  const observe = createObservers(options.metrics);

  /** @returns whether more rows are waiting, or undefined if another replica leads. */
  async function runCycle(tx: Tx): Promise<boolean | undefined> {
    const [[lock], waiting] = await Promise.all([
      tx.query<{ leading: boolean }>("select pg_try_advisory_xact_lock($1) as leading", [leaderLock]),
      tx.query<OutboxRow>(
        `select id, aggregate_id, type, payload, headers->>'traceparent' as traceparent, created_at
         from outbox order by id limit $1`,
        [batchMax],
      ),
    ]);
    if (lock?.leading !== true) {
      return undefined;
    }
    const rows = withinBytes(waiting, batchBytesMax);
    if (rows.length > 0) {
      await producer.publish(
        topic,
        rows.map((row) => recordOf(row, options)),
      );
      tx.execute("delete from outbox where id = any($1::bigint[])", [
        arrayLiteral(rows.map((row) => row.id)),
      ]);
      observe.published(rows);
    }
    return rows.length === batchMax || rows.length < waiting.length;
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      try {
        const more = await session.transaction(runCycle);
        failures = 0;
        observe.leading(more !== undefined);
        if (more !== true) {
          await wakeUp.wait(more === undefined ? standbyEveryMs : lookEveryMs);
        }
      } catch (error) {
        failures += 1;
        observe.leading(false);
        if (failures % 20 === 1) {
          logger.warn({ err: error }, "events wait in the outbox");
        }
        await pause(backoffMs(failures, 100, 2_000), stopping.signal);
      }
    }
  }

  const ended = run();
  return {
    wake: wakeUp.wake,
    async stop() {
      stopping.abort();
      await ended;
      await session.close();
    },
  };
}

/** The first rows whose payloads together are no larger than this, but at least one. */
function withinBytes(rows: readonly OutboxRow[], bytesMax: number): readonly OutboxRow[] {
  let bytes = 0;
  const end = rows.findIndex((row, index) => {
    bytes += row.payload.byteLength;
    return bytes > bytesMax && index > 0;
  });
  return end === -1 ? rows : rows.slice(0, end);
}

/** CloudEvents 1.0, binary mode: the event's attributes are headers, its data is the value. */
function recordOf(row: OutboxRow, options: RelayOptions): OutgoingRecord {
  const traceparent = publishSpan(row, options);
  return {
    key: `${row.aggregate_id}`,
    value: row.payload,
    headers: {
      ce_specversion: "1.0",
      ce_id: `${row.id}`,
      ce_type: row.type,
      ce_source: options.source,
      ce_time: row.created_at.toISOString(),
      ce_subject: `${row.aggregate_id}`,
      "content-type": "application/protobuf",
      // An event of no trace has no header: an empty one would be malformed.
      ...(traceparent !== "" && { traceparent }),
    },
  };
}

/**
 * A span from the commit to the publication, below the call that made the change. An unrecorded trace is passed on
 * as it is.
 */
function publishSpan(row: OutboxRow, options: RelayOptions): string {
  const traceparent = row.traceparent ?? "";
  const recorded = ((parseTraceparent(traceparent)?.traceFlags ?? 0) & 1) === 1;
  if (!recorded) {
    return traceparent;
  }
  const span = options.tracing.startSpan(`publish ${options.topic}`, traceparent, {
    kind: SpanKind.PRODUCER,
    startTime: row.created_at,
    attributes: { "messaging.destination.name": options.topic, "messaging.message.id": `${row.id}` },
  });
  span.end();
  return traceparentOf(span);
}

function createObservers(metrics: Registry) {
  const lag = new Histogram({
    name: "ordermesh_outbox_relay_lag_seconds",
    help: "From an event's transaction to its publication.",
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
    registers: [metrics],
  });
  const count = new Counter({
    name: "ordermesh_outbox_published_total",
    help: "Events published.",
    registers: [metrics],
  });
  const leader = new Gauge({
    name: "ordermesh_outbox_relay_leading",
    help: "1 in the replica whose relay publishes.",
    registers: [metrics],
  });
  return {
    published(rows: readonly OutboxRow[]) {
      const now = Date.now();
      for (const row of rows) {
        lag.observe(Math.max(0, now - row.created_at.getTime()) / 1000);
      }
      count.inc(rows.length);
    },
    leading(isLeading: boolean) {
      leader.set(isLeading ? 1 : 0);
    },
  };
}
