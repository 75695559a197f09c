import { type AuthConfig, readAuthConfig } from "@ordermesh/auth/config";
import { readTlsConfig, type TlsConfig } from "@ordermesh/auth/tls";
import { type Environment, readConfig } from "@ordermesh/config/config";
import type { LogFormat, LogLevel } from "@ordermesh/telemetry/logger";

export interface ProductConfig {
  readonly host: string;
  readonly port: number;
  readonly databaseUrl: string;
  readonly databaseConnectionsMax: number;
  readonly databaseTimeoutMs: number;
  /** What clients of miniZON's contract must send with each call. */
  readonly minizonToken: string;
  /** Undefined: anybody may call everything. */
  readonly auth: AuthConfig | undefined;
  /** Undefined: connections are not encrypted. */
  readonly tls: TlsConfig | undefined;
  readonly stopTimeoutMs: number;
  readonly reflection: boolean;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  readonly otlpEndpoint: string | undefined;
  readonly traceSampleRatio: number;
}

/** The only reader of the environment. */
export function readProductConfig(environment: Environment): ProductConfig {
  return readConfig(environment, (read) => ({
    host: read.string("PRODUCT_HOST", "0.0.0.0"),
    port: read.integer("PRODUCT_PORT", { fallback: 50053, min: 0, max: 65535 }),
    databaseUrl: read.string("PRODUCT_DATABASE_URL"),
    databaseConnectionsMax: read.integer("PRODUCT_DATABASE_CONNECTIONS_MAX", {
      fallback: 8,
      min: 2,
      max: 200,
    }),
    databaseTimeoutMs: read.integer("PRODUCT_DATABASE_TIMEOUT_MS", { fallback: 5_000, min: 100 }),
    minizonToken: read.string("MINIZON_PRODUCT_TOKEN", "testtoken"),
    auth: readAuthConfig(read),
    tls: readTlsConfig(read),
    stopTimeoutMs: read.integer("STOP_TIMEOUT_MS", { fallback: 30_000, min: 100 }),
    reflection: read.boolean("REFLECTION", true),
    logLevel: read.oneOf("LOG_LEVEL", ["debug", "info", "warn", "error"], "info"),
    logFormat: read.oneOf("LOG_FORMAT", ["json", "readable"], "json"),
    otlpEndpoint: read.optionalString("OTEL_EXPORTER_OTLP_ENDPOINT"),
    traceSampleRatio: read.integer("TRACE_SAMPLE_PERCENT", { fallback: 100, min: 0, max: 100 }) / 100,
  }));
}
