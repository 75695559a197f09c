import { type Environment, readConfig } from "@ordermesh/config/config";

export interface DevkafkaConfig {
  readonly host: string;
  readonly port: number;
  readonly dataDirectory: string;
  readonly defaultPartitions: number;
  readonly fsync: boolean;
  readonly logLevel: "debug" | "info" | "warn" | "error";
  readonly logFormat: "json" | "readable";
}

/** @throws ConfigError that names every variable that cannot be used. */
export function readDevkafkaConfig(environment: Environment = process.env): DevkafkaConfig {
  return readConfig(environment, (read) => ({
    host: read.string("DEVKAFKA_HOST", "127.0.0.1"),
    port: read.integer("DEVKAFKA_PORT", { fallback: 9092, min: 0, max: 65_535 }),
    dataDirectory: read.string("DEVKAFKA_DATA_DIRECTORY", ".data/kafka"),
    defaultPartitions: read.integer("DEVKAFKA_PARTITIONS", { fallback: 12, min: 1, max: 1000 }),
    fsync: read.boolean("DEVKAFKA_FSYNC", false),
    logLevel: read.oneOf("LOG_LEVEL", ["debug", "info", "warn", "error"], "info"),
    logFormat: read.oneOf("LOG_FORMAT", ["json", "readable"], process.stdout.isTTY ? "readable" : "json"),
  }));
}
