import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createKafkaClient, type KafkaClient } from "@ordermesh/kafka/client";
import { createProducer, type Producer } from "@ordermesh/kafka/producer";
import { readToEnd } from "@ordermesh/kafka/read-to-end";
import type { IncomingRecord } from "@ordermesh/kafka/record";
import { ensureTopics } from "@ordermesh/kafka/topics";
import { type Database, openDatabase } from "@ordermesh/postgres/database";
import { startTracing } from "@ordermesh/telemetry/tracing";
import { freshDatabase } from "@ordermesh/testkit/fresh-database";
import { testLogger } from "@ordermesh/testkit/test-logger";
import postgres from "postgres";
import { Registry } from "prom-client";
import type { OutboxEvent } from "../src/outbox.ts";
import { type Relay, startRelay } from "../src/relay.ts";

/** The parts of one test: a database of its own with the tables of this lib, and a topic. */
export interface OutboxHarness {
  readonly sql: postgres.Sql;
  readonly database: Database;
  readonly producer: Producer;
  readonly topic: string;
  startRelay(options?: { readonly producer?: Producer }): Relay & { readonly metrics: Registry };
  /** Ids of events that are not published yet. */
  waiting(): Promise<string[]>;
  published(): Promise<IncomingRecord[]>;
  /** Ends the connection of the relay that leads just now, if one does. */
  killLeader(): Promise<boolean>;
  close(): Promise<void>;
}

export async function createOutboxHarness(
  brokers: readonly string[],
  partitions = 3,
): Promise<OutboxHarness> {
  const fresh = await freshDatabase();
  const sql = postgres(fresh.url, { max: 20, onnotice: () => {} });
  await sql.unsafe(await readFile(new URL("../src/tables.sql", import.meta.url), "utf8"));
  const database = openDatabase({
    url: fresh.url,
    applicationName: "test",
    connectionsMax: 4,
    timeoutMs: 5_000,
  });
  const client: KafkaClient = createKafkaClient({ brokers, clientId: "outbox-test", logger: testLogger() });
  const producer = createProducer(client);
  const tracing = await startTracing({ service: "test", version: "0", endpoint: undefined, sampleRatio: 1 });
  const topic = `outbox-${randomUUID()}`;
  await ensureTopics(client, [{ name: topic, partitions }], AbortSignal.timeout(20_000));
  const relays: Relay[] = [];

  return {
    sql,
    database,
    producer,
    topic,
    startRelay(options) {
      const metrics = new Registry();
      const relay = startRelay({
        databaseUrl: fresh.url,
        producer: options?.producer ?? producer,
        topic,
        source: "ordermesh/test",
        logger: testLogger(),
        metrics,
        tracing,
      });
      relays.push(relay);
      return { ...relay, metrics };
    },
    waiting: async () => (await sql<{ id: string }[]>`select id from outbox order by id`).map(({ id }) => id),
    async published() {
      const records: IncomingRecord[] = [];
      const onRecords = (read: readonly IncomingRecord[]) => {
        records.push(...read);
      };
      await readToEnd({ client, topic, timeoutMs: 20_000, onRecords });
      return records;
    },
    async killLeader() {
      const rows = await sql`
        select pg_terminate_backend(pid) from pg_locks join pg_stat_activity using (pid)
        where locktype = 'advisory' and granted and application_name = 'relay' and datname = current_database()`;
      return rows.length > 0;
    },
    async close() {
      await Promise.all(relays.map((relay) => relay.stop()));
      await producer.close();
      await database.close();
      await sql.end({ timeout: 5 });
      await fresh.drop();
    },
  };
}

/** An event of an aggregate whose payload is its version. */
export function eventOf(aggregateId: number, version: number, traceparent = ""): OutboxEvent {
  return {
    aggregateType: "order",
    aggregateId: BigInt(aggregateId),
    type: "test.v1.Changed",
    payload: Buffer.from(`${version}`),
    traceparent,
  };
}

export const eventIdOf = (record: IncomingRecord) => record.headers.ce_id!;

/** The versions of one key, leaving out those that were seen before. */
export function firstSightings(records: readonly IncomingRecord[], key: string): number[] {
  const versions = records.filter((record) => record.key === key).map(({ value }) => Number(`${value}`));
  return [...new Set(versions)];
}
