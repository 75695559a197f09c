import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Devkafka, startDevkafka } from "@ordermesh/app-devkafka/service";

/** A broker of one test file's own: order ids begin anew with each database, so topics must too. */
export interface OwnBroker {
  readonly brokers: readonly string[];
  readonly port: number;
  /** Goes away, keeping its data. */
  pause(): Promise<void>;
  /** Comes back with its data, on the same port. */
  resume(): Promise<void>;
  stop(): Promise<void>;
}

export async function startOwnBroker(): Promise<OwnBroker> {
  const dataDirectory = await mkdtemp(join(tmpdir(), "ordermesh-broker-"));
  const start = (port: number): Promise<Devkafka> =>
    startDevkafka({ host: "127.0.0.1", port, dataDirectory, defaultPartitions: 12, fsync: false });
  let broker = await start(0);
  const { port } = broker.address;
  return {
    brokers: [`127.0.0.1:${port}`],
    port,
    pause: () => broker.stop(),
    async resume() {
      broker = await start(port);
    },
    async stop() {
      await broker.stop();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}
