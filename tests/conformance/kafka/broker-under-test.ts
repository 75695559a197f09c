import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDevkafka } from "@ordermesh/app-devkafka/service";
import { readBrokers } from "./config.ts";

export interface BrokerUnderTest {
  /** Addresses as host:port. */
  readonly brokers: string[];
  stop(): Promise<void>;
}

/** The broker of KAFKA_BROKERS, or a devkafka of its own on a free port and with a temporary directory. */
export async function startBrokerUnderTest(): Promise<BrokerUnderTest> {
  const brokers = readBrokers();
  if (brokers !== undefined) {
    return { brokers, stop: async () => {} };
  }
  const dataDirectory = await mkdtemp(join(tmpdir(), "ordermesh-conformance-"));
  const devkafka = await startDevkafka({
    host: "127.0.0.1",
    port: 0,
    dataDirectory,
    defaultPartitions: 12,
    fsync: false,
  });
  return {
    brokers: [`${devkafka.address.host}:${devkafka.address.port}`],
    async stop() {
      await devkafka.stop();
      await rm(dataDirectory, { recursive: true });
    },
  };
}
