import { resolve } from "node:path";
import { ConfigError } from "@ordermesh/config/config";
import { Failure } from "@ordermesh/failure/failure";
import { runUntilSignal } from "@ordermesh/process/run-until-signal";
import { createLogger } from "@ordermesh/telemetry/logger";
import { readDevkafkaConfig } from "./config.ts";
import { startDevkafka } from "./service.ts";

/** Above the time that a client may take to receive its last response. */
const stopTimeoutMs = 5_000;

await runUntilSignal({
  async start() {
    const config = readDevkafkaConfig();
    const logger = createLogger({ service: "devkafka", level: config.logLevel, format: config.logFormat });
    const dataDirectory = resolve(config.dataDirectory);
    const devkafka = await startDevkafka({ ...config, dataDirectory, logger });
    const { host, port } = devkafka.address;
    logger.info(
      { address: `${host}:${port}`, data_directory: dataDirectory, fsync: config.fsync },
      `devkafka serves Kafka's protocol on ${host}:${port}. It is for development and tests only: one node, no replication`,
    );
    return {
      async stop() {
        await devkafka.stop();
        logger.info({}, "devkafka stopped");
      },
    };
  },
  stopTimeoutMs,
  report(message, error) {
    // What the user can act on is one sentence; anything else is a defect, and its stack says where.
    const isActionable = error instanceof Failure || error instanceof ConfigError;
    const detail = isActionable ? error.message : error instanceof Error ? error.stack : String(error);
    process.stderr.write(`devkafka ${message}: ${detail}\n`);
  },
});
