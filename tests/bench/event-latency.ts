import { setTimeout as delay } from "node:timers/promises";
import { createKafkaClient } from "@ordermesh/kafka/client";
import { eventually } from "@ordermesh/testkit/eventually";
import { testLogger } from "@ordermesh/testkit/test-logger";
import { startServiceProcess } from "../harness/service-process.ts";
import { openLoadClient } from "./grpc-load.ts";
import { type DatabaseServer, startBroker } from "./installation.ts";
import { prepareLomsDatabase } from "./loms-database.ts";
import type { Section } from "./report.ts";
import type { Sizes } from "./sizes.ts";
import { percentile } from "./statistics.ts";
import { orderRequests } from "./workloads.ts";

const topic = "orders.events.v1";

/** How long an event takes from its transaction to a consumer, under a steady load. */
export async function eventLatency(server: DatabaseServer, sizes: Sizes): Promise<Section> {
  const {
    eventLatencyOrdersPerSecond: rate,
    eventLatencySeconds: seconds,
    eventLatencyWarmUpSeconds: warmUpSeconds,
  } = sizes;
  const url = server.urlOf("loms_latency");
  await prepareLomsDatabase(url);
  const broker = await startBroker();
  const loms = await startServiceProcess("loms", { LOMS_DATABASE_URL: url, KAFKA_BROKERS: broker.address });
  const client = openLoadClient(`127.0.0.1:${loms.port}`);
  const consumer = await startConsumer(broker.address);
  const next = orderRequests("uniform", 7);

  try {
    // The first seconds start connections and compile code; they are sent, but not counted.
    const warmedUp = await sendAtRate(rate, warmUpSeconds, () => client.createOrder(next()));
    await eventually(() => consumer.expectSeen(2 * warmedUp), { timeoutMs: 30_000 });
    consumer.forget();
    const sent = await sendAtRate(rate, seconds, () => client.createOrder(next()));
    await eventually(() => consumer.expectSeen(2 * sent), { timeoutMs: 60_000 });
    const p50Ms = percentile(consumer.latenciesMs, 0.5);
    const p99Ms = percentile(consumer.latenciesMs, 0.99);
    return {
      title: "From commit to consumer",
      method:
        `${rate} CreateOrder calls per second for ${seconds} s, sent by the clock whether or not earlier ones are done; ` +
        "a kafkajs consumer in this process. The time runs from the beginning of the transaction that wrote the event " +
        "(header ce_time), so it holds the commit as well.",
      table: {
        columns: ["events", "p50 ms", "p90 ms", "p99 ms", "max ms"],
        rows: [
          [
            `${consumer.latenciesMs.length}`,
            ...[0.5, 0.9, 0.99, 1].map((share) => percentile(consumer.latenciesMs, share).toFixed(0)),
          ],
        ],
      },
      targets: [
        {
          what: `commit to consumer at ${rate} orders/s, p50`,
          measured: p50Ms,
          bound: "at most",
          target: 15,
          digits: 0,
          unit: "ms",
        },
        {
          what: `commit to consumer at ${rate} orders/s, p99`,
          measured: p99Ms,
          bound: "at most",
          target: 100,
          digits: 0,
          unit: "ms",
        },
      ],
    };
  } finally {
    await consumer.stop();
    client.close();
    await loms.stop();
    await broker.stop();
  }
}

/** Open loop: a slow answer does not hold back the next call. @returns how many calls were sent and answered. */
async function sendAtRate(perSecond: number, seconds: number, call: () => Promise<unknown>): Promise<number> {
  const count = perSecond * seconds;
  const startedMs = performance.now();
  const calls: Promise<unknown>[] = [];
  while (calls.length < count) {
    const due = Math.min(count, Math.floor(((performance.now() - startedMs) / 1000) * perSecond) + 1);
    while (calls.length < due) {
      calls.push(call());
    }
    await delay(1);
  }
  await Promise.all(calls);
  return count;
}

async function startConsumer(brokers: string) {
  const client = createKafkaClient({
    brokers: brokers.split(","),
    clientId: "bench-consumer",
    logger: testLogger(),
  });
  const consumer = client.kafka.consumer({ groupId: `bench-${process.pid}`, maxWaitTimeInMs: 100 });
  const latenciesMs: number[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    async eachMessage({ message }) {
      latenciesMs.push(Date.now() - Date.parse(`${message.headers?.ce_time}`));
    },
  });
  return {
    latenciesMs,
    expectSeen(count: number): void {
      if (latenciesMs.length < count) {
        throw new Error(`The consumer has seen ${latenciesMs.length} of ${count} events.`);
      }
    },
    forget(): void {
      latenciesMs.length = 0;
    },
    stop: () => consumer.disconnect(),
  };
}
