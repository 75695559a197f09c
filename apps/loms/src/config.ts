import { type AuthConfig, readAuthConfig } from "@ordermesh/auth/config";
import { readTlsConfig, type TlsConfig } from "@ordermesh/auth/tls";
import { type ConfigReader, type Environment, readConfig } from "@ordermesh/config/config";
import { readSecret } from "@ordermesh/sealing/read-secret";
import type { LogFormat, LogLevel } from "@ordermesh/telemetry/logger";
import {
  type ConfiguredDuration,
  configuredDurations,
  type Durations,
  durationProfiles,
} from "./workflows/durations.ts";

export interface LomsConfig {
  readonly host: string;
  readonly port: number;
  readonly databaseUrl: string;
  readonly databaseConnectionsMax: number;
  readonly databaseTimeoutMs: number;
  readonly kafkaBrokers: readonly string[];
  /** Whether orders are paid by what the payment service tells, besides PayOrder. */
  readonly consumesPayments: boolean;
  /** From an order's creation until it can no longer be paid. */
  readonly paymentWindowMs: number;
  /** How late a timer may fire. */
  readonly timersEveryMs: number;
  /** How long the timers of workflows wait. */
  readonly durations: Durations;
  /** Keeps voucher codes secret. Undefined: vouchers are not sold here. */
  readonly voucherSecret: Uint8Array | undefined;
  readonly batchOrdersMax: number;
  readonly queueOrdersMax: number;
  /** Undefined: anybody may call everything. */
  readonly auth: AuthConfig | undefined;
  /** Undefined: connections are not encrypted. */
  readonly tls: TlsConfig | undefined;
  /** Whether miniZON's contract may be called without a token, as it was there. */
  readonly minizonOpen: boolean;
  readonly stopTimeoutMs: number;
  readonly reflection: boolean;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  readonly otlpEndpoint: string | undefined;
  readonly traceSampleRatio: number;
}

/** The only reader of the environment. */
export function readLomsConfig(environment: Environment): LomsConfig {
  return readConfig(environment, (read) => ({
    host: read.string("LOMS_HOST", "0.0.0.0"),
    port: read.integer("LOMS_PORT", { fallback: 50051, min: 0, max: 65535 }),
    databaseUrl: read.string("LOMS_DATABASE_URL"),
    databaseConnectionsMax: read.integer("LOMS_DATABASE_CONNECTIONS_MAX", { fallback: 8, min: 2, max: 200 }),
    databaseTimeoutMs: read.integer("LOMS_DATABASE_TIMEOUT_MS", { fallback: 5_000, min: 100 }),
    kafkaBrokers: read.list("KAFKA_BROKERS", ["127.0.0.1:9092"]),
    consumesPayments: read.boolean("CONSUME_PAYMENTS", true),
    paymentWindowMs: read.integer("PAYMENT_WINDOW_MS", { fallback: 600_000, min: 100 }),
    timersEveryMs: read.integer("TIMERS_EVERY_MS", { fallback: 250, min: 10, max: 5_000 }),
    durations: readDurations(read),
    voucherSecret: readSecret(read, "VOUCHER_KEY"),
    batchOrdersMax: read.integer("BATCH_ORDERS_MAX", { fallback: 256, min: 1, max: 1_000 }),
    queueOrdersMax: read.integer("QUEUE_ORDERS_MAX", { fallback: 10_000, min: 1 }),
    auth: readAuthConfig(read),
    tls: readTlsConfig(read),
    minizonOpen: read.boolean("MINIZON_OPEN", false),
    stopTimeoutMs: read.integer("STOP_TIMEOUT_MS", { fallback: 30_000, min: 100 }),
    reflection: read.boolean("REFLECTION", true),
    logLevel: read.oneOf("LOG_LEVEL", ["debug", "info", "warn", "error"], "info"),
    logFormat: read.oneOf("LOG_FORMAT", ["json", "readable"], "json"),
    otlpEndpoint: read.optionalString("OTEL_EXPORTER_OTLP_ENDPOINT"),
    traceSampleRatio: read.integer("TRACE_SAMPLE_PERCENT", { fallback: 100, min: 0, max: 100 }) / 100,
  }));
}

/** The durations of WORKFLOW_TIMERS, each of which may be set by itself: WORKFLOW_SELLER_RESPONSE_MS. */
function readDurations(read: ConfigReader): Durations {
  const profile = durationProfiles[read.oneOf("WORKFLOW_TIMERS", ["production", "demo"], "production")];
  const durations = configuredDurations.map((name): [ConfiguredDuration, number] => [
    name,
    read.integer(`WORKFLOW_${name.toUpperCase()}_MS`, {
      fallback: profile[name],
      min: 100,
      max: 10 * 365 * 86_400_000,
    }),
  ]);
  return Object.fromEntries(durations) as Record<ConfiguredDuration, number>;
}
