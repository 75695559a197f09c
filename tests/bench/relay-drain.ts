import { createKafkaClient } from "@ordermesh/kafka/client";
import { createProducer } from "@ordermesh/kafka/producer";
import { ensureTopics } from "@ordermesh/kafka/topics";
import { startRelay } from "@ordermesh/outbox/relay";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing } from "@ordermesh/telemetry/tracing";
import { eventually } from "@ordermesh/testkit/eventually";
import { testLogger } from "@ordermesh/testkit/test-logger";
import { Partitioners } from "kafkajs";
import postgres from "postgres";
import { type LoadResult, loadTimes } from "./closed-loop.ts";
import { type DatabaseServer, startBroker } from "./installation.ts";
import { prepareLomsDatabase } from "./loms-database.ts";
import { costCell, interleave, measure, measurementColumns, medianRatio } from "./measurement.ts";
import { openBatchedPath, ordersOf } from "./order-paths.ts";
import type { Section } from "./report.ts";
import type { Sizes } from "./sizes.ts";
import { median } from "./statistics.ts";

const topic = { name: "relay-drain", partitions: 12 };
const batchSize = 500;

/** How fast a backlog goes to Kafka, beside a producer that has the records in memory. */
export async function relayDrain(server: DatabaseServer, sizes: Sizes): Promise<Section> {
  const url = server.urlOf("loms_drain");
  await prepareLomsDatabase(url);
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  const broker = await startBroker();
  const logger = testLogger();
  const client = createKafkaClient({ brokers: broker.address.split(","), clientId: "bench", logger });
  await ensureTopics(client, [topic], AbortSignal.timeout(30_000));
  const raw = client.kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await raw.connect();
  const tracing = await startTracing({ service: "bench", version: "0", endpoint: undefined, sampleRatio: 1 });
  const orders = openBatchedPath(url);
  const next = ordersOf("uniform", 3);
  const processes = { node: process.pid, postgres: server.pid, broker: broker.pid };

  /** Real events: each order makes two. */
  const fill = () => loadTimes(sizes.eventsToDrain / 2, 256, () => orders.create(next()));

  async function drain(): Promise<LoadResult> {
    const producer = createProducer(client);
    const startedMs = performance.now();
    const relay = startRelay({
      databaseUrl: url,
      producer,
      topic: topic.name,
      source: "ordermesh/loms",
      logger,
      metrics: createMetrics({ service: "bench", version: "0" }),
      tracing,
    });
    await eventually(
      async () => {
        const [row] = await sql`select exists (select from outbox) as waiting`;
        if (row?.waiting) {
          throw new Error("The outbox is not empty.");
        }
      },
      { timeoutMs: 120_000, everyMs: 5 },
    );
    const seconds = (performance.now() - startedMs) / 1000;
    await relay.stop();
    await producer.close();
    return resultOf(sizes.eventsToDrain, seconds);
  }

  /** The same payloads and headers, in batches of the same size, from memory. */
  async function sendRaw(rows: readonly RawRow[]): Promise<LoadResult> {
    const startedMs = performance.now();
    for (let start = 0; start < rows.length; start += batchSize) {
      const messages = rows
        .slice(start, start + batchSize)
        .map(({ key, value, headers }) => ({ key, value, headers }));
      await raw.send({ topic: topic.name, acks: -1, messages });
    }
    return resultOf(rows.length, (performance.now() - startedMs) / 1000);
  }

  try {
    let rows: RawRow[] = [];
    const results = await interleave(sizes.rounds, {
      async relay() {
        await fill();
        rows = await readRows(sql);
        return measure(processes, drain);
      },
      raw: () => measure(processes, () => sendRaw(rows)),
    });
    const ratio = medianRatio(results.relay, results.raw);
    const cells = (name: string, rounds: typeof results.relay) => [
      name,
      median(rounds.map(({ perSecond }) => perSecond)).toFixed(0),
      costCell(rounds),
    ];
    return {
      title: "Relay drain",
      method:
        `${sizes.eventsToDrain} events of real orders wait in the outbox; the time is from the relay's start, with its ` +
        `connections, until the table is empty. The yardstick sends the same keys, payloads and headers from memory by ` +
        `kafkajs alone: idempotent, all replicas, ${batchSize} records at a time.`,
      table: {
        columns: [measurementColumns[0], "events per second", "cost per event"],
        rows: [cells("relay", results.relay), cells("kafkajs", results.raw)],
      },
      targets: [
        {
          what: "relay drain to a raw kafkajs producer",
          measured: ratio,
          bound: "at least",
          target: 0.5,
        },
      ],
    };
  } finally {
    await orders.close();
    await raw.disconnect();
    await sql.end();
    await broker.stop();
  }
}

interface RawRow {
  readonly key: string;
  readonly value: Buffer;
  readonly headers: Record<string, string>;
}

async function readRows(sql: postgres.Sql): Promise<RawRow[]> {
  const rows = await sql<
    { id: string; aggregate_id: string; type: string; payload: Buffer; created_at: Date }[]
  >`
    select id, aggregate_id, type, payload, created_at from outbox order by id`;
  return rows.map((row) => ({
    key: row.aggregate_id,
    value: row.payload,
    headers: {
      ce_specversion: "1.0",
      ce_id: row.id,
      ce_type: row.type,
      ce_source: "ordermesh/loms",
      ce_time: row.created_at.toISOString(),
      ce_subject: row.aggregate_id,
      "content-type": "application/protobuf",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
    },
  }));
}

function resultOf(operations: number, seconds: number): LoadResult {
  return { operations, seconds, perSecond: operations / seconds, p50Ms: Number.NaN, p99Ms: Number.NaN };
}
