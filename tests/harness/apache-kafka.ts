import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "@ordermesh/testkit/eventually";
import type { OwnBroker } from "@ordermesh/testkit/own-broker";
import { testLength } from "@ordermesh/testkit/test-length";
import { Kafka, logLevel } from "kafkajs";
import { expect } from "vitest";
import { type ApacheKafkaBroker, startApacheKafkaCluster } from "../../tools/kafka/cluster.mjs";
import { checkJava, resolveJars } from "../../tools/kafka/jars.mjs";

/**
 * Whether a test runs against Apache Kafka. It takes seconds to start and a core to run, so such tests are no part of
 * `npm test`, but of `npm run faults` and of CI. Prints why not.
 */
export function hasApacheKafka(claim: string): boolean {
  const reason = testLength() === "long" ? whyNotInstalled() : "`npm run faults` and CI do that.";
  if (reason !== undefined) {
    process.stdout.write(`${claim}: not tried on Apache Kafka. ${reason}\n`);
  }
  return reason === undefined;
}

function whyNotInstalled(): string | undefined {
  try {
    checkJava();
    resolveJars();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** A cluster of one test's own. As a whole it goes down and comes back like any broker of a test's own. */
export interface ApacheKafka extends OwnBroker {
  readonly members: readonly ApacheKafkaBroker[];
  /** How many partitions of a topic each broker leads, by broker id. */
  countLed(topic: string): Promise<Map<number, number>>;
  /** Waits until every partition of a topic has all its copies in sync. @returns how many copies that is. */
  untilInSync(topic: string): Promise<number>;
}

export async function startApacheKafka(brokerCount: number): Promise<ApacheKafka> {
  const directory = await mkdtemp(join(tmpdir(), "ordermesh-kafka-"));
  const cluster = await startApacheKafkaCluster({ brokerCount, directory });
  const kafka = new Kafka({ brokers: [...cluster.addresses], logLevel: logLevel.NOTHING });

  async function partitionsOf(topic: string) {
    const admin = kafka.admin();
    try {
      await admin.connect();
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      return topics[0]?.partitions ?? [];
    } finally {
      await admin.disconnect();
    }
  }

  return {
    brokers: cluster.addresses,
    members: cluster.brokers,
    stop: cluster.stop,
    async start() {
      await Promise.all(cluster.brokers.map((broker) => broker.start()));
    },
    async remove() {
      await cluster.stop();
      await rm(directory, { recursive: true, force: true });
    },
    async countLed(topic) {
      const led = new Map<number, number>();
      for (const { leader } of await partitionsOf(topic)) {
        led.set(leader, (led.get(leader) ?? 0) + 1);
      }
      return led;
    },
    untilInSync: (topic) =>
      eventually(
        async () => {
          const partitions = await partitionsOf(topic);
          expect(partitions.length).toBeGreaterThan(0);
          for (const { isr, replicas } of partitions) {
            expect(isr.length).toBe(replicas.length);
          }
          return Math.min(...partitions.map(({ replicas }) => replicas.length));
        },
        { timeoutMs: 120_000, everyMs: 200 },
      ),
  };
}
