import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Devkafka, startDevkafka } from "@ordermesh/app-devkafka/service";

/** A broker of one test's own, which can go down and come back on its port with its data. */
export interface OwnBroker {
  readonly brokers: readonly string[];
  /** Hangs up on every client. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Stops it for good and removes its data. */
  remove(): Promise<void>;
}

export async function startOwnBroker(): Promise<OwnBroker> {
  const dataDirectory = await mkdtemp(join(tmpdir(), "ordermesh-broker-"));
  const start = (port: number): Promise<Devkafka> =>
    startDevkafka({ host: "127.0.0.1", port, dataDirectory, defaultPartitions: 12, fsync: false });
  let broker = await start(0);
  const { port } = broker.address;
  return {
    brokers: [`127.0.0.1:${port}`],
    stop: () => broker.stop(),
    async start() {
      broker = await start(port);
    },
    async remove() {
      await broker.stop();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}
