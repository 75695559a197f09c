import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDevkafka } from "@ordermesh/app-devkafka/service";
import { startEmbeddedPostgres } from "@ordermesh/embedded/embedded-postgres";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** Of the server's database `postgres`, as a user that may create databases. */
    postgresUrl: string;
    /** Comma-separated. */
    kafkaBrokers: string;
  }
}

/**
 * Starts what the tests of one run share: a PostgreSQL server without fsync and a broker, both on free ports and in a
 * temporary folder. TEST_DATABASE_URL and KAFKA_BROKERS name real ones instead.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), "ordermesh-test-"));
  // Root's PostgreSQL runs under another account. It could not enter, and the data would be kept elsewhere for good.
  await chmod(directory, 0o755);
  const postgres = await startPostgres(directory);
  const broker = await startBroker(directory);
  project.provide("postgresUrl", postgres.url);
  project.provide("kafkaBrokers", broker.brokers);
  return async () => {
    await broker.stop();
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  };
}

async function startPostgres(directory: string): Promise<{ url: string; stop(): Promise<void> }> {
  const external = process.env.TEST_DATABASE_URL;
  if (external !== undefined) {
    return { url: external, stop: async () => {} };
  }
  const server = await startEmbeddedPostgres({
    dataDirectory: join(directory, "postgres"),
    runDirectory: join(directory, "run"),
    port: 0,
    settings: { fsync: "off", full_page_writes: "off", max_connections: "400" },
  });
  return { url: server.url, stop: () => server.stop() };
}

async function startBroker(directory: string): Promise<{ brokers: string; stop(): Promise<void> }> {
  const external = process.env.KAFKA_BROKERS;
  if (external !== undefined) {
    return { brokers: external, stop: async () => {} };
  }
  const broker = await startDevkafka({
    host: "127.0.0.1",
    port: 0,
    dataDirectory: join(directory, "kafka"),
    defaultPartitions: 12,
    fsync: false,
  });
  return { brokers: `127.0.0.1:${broker.address.port}`, stop: broker.stop };
}
