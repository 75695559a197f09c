import type { Logger } from "@ordermesh/telemetry/logger";
import { Kafka, logLevel } from "kafkajs";

/** A way to one Kafka cluster; connections are made by what uses it. */
export interface KafkaClient {
  /** The library's own client, for the other files of this folder. */
  readonly kafka: Kafka;
  readonly logger: Logger;
}

/** The longest wait for the answer to one request. */
export const requestTimeoutMs = 10_000;

/** kafkajs is told its limits here, and nowhere else: each wait of the client is bounded by these. */
export function createKafkaClient(options: {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly logger: Logger;
}): KafkaClient {
  const logger = options.logger.child({ part: "kafka" });
  const kafka = new Kafka({
    clientId: options.clientId,
    brokers: [...options.brokers],
    connectionTimeout: 3_000,
    requestTimeout: requestTimeoutMs,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 4 },
    // Whoever called learns of errors by a rejected promise and logs them once; the library would log them again.
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => {
      logger.debug({ namespace: entry.namespace, detail: entry.log.message }, "kafkajs");
    },
  });
  return { kafka, logger };
}
