import { type AuthConfig, readAuthConfig } from "@ordermesh/auth/config";
import { readTlsConfig, type TlsConfig } from "@ordermesh/auth/tls";
import { type Environment, readConfig } from "@ordermesh/config/config";
import type { LogFormat, LogLevel } from "@ordermesh/telemetry/logger";
import type { TokenRate } from "./domain/token-bucket.ts";

export interface CheckoutConfig {
  readonly host: string;
  readonly port: number;
  readonly databaseUrl: string;
  readonly databaseConnectionsMax: number;
  readonly databaseTimeoutMs: number;
  /** "host:port", or several with commas between. */
  readonly lomsAddress: string;
  readonly productAddress: string;
  /** What this process may send to each upstream. */
  readonly lomsRate: TokenRate;
  readonly productRate: TokenRate;
  /** How long one look-up in the catalogue may take. Several callers may share it, so it has its own deadline. */
  readonly productTimeoutMs: number;
  /** How long a name and price may be out of date. */
  readonly cacheTtlMs: number;
  /** Products that are remembered. */
  readonly cacheSizeMax: number;
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
export function readCheckoutConfig(environment: Environment): CheckoutConfig {
  return readConfig(environment, (read) => ({
    host: read.string("CHECKOUT_HOST", "0.0.0.0"),
    port: read.integer("CHECKOUT_PORT", { fallback: 50052, min: 0, max: 65535 }),
    databaseUrl: read.string("CHECKOUT_DATABASE_URL"),
    databaseConnectionsMax: read.integer("CHECKOUT_DATABASE_CONNECTIONS_MAX", {
      fallback: 8,
      min: 2,
      max: 200,
    }),
    databaseTimeoutMs: read.integer("CHECKOUT_DATABASE_TIMEOUT_MS", { fallback: 5_000, min: 100 }),
    lomsAddress: read.string("LOMS_ADDRESS", "127.0.0.1:50051"),
    productAddress: read.string("PRODUCT_ADDRESS", "127.0.0.1:50053"),
    lomsRate: {
      perSecond: read.integer("LOMS_REQUESTS_PER_SECOND", { fallback: 20_000, min: 1 }),
      burst: read.integer("LOMS_REQUESTS_BURST", { fallback: 2_000, min: 1 }),
    },
    productRate: {
      perSecond: read.integer("PRODUCT_REQUESTS_PER_SECOND", { fallback: 1_000, min: 1 }),
      burst: read.integer("PRODUCT_REQUESTS_BURST", { fallback: 200, min: 1 }),
    },
    productTimeoutMs: read.integer("PRODUCT_TIMEOUT_MS", { fallback: 5_000, min: 10 }),
    cacheTtlMs: read.integer("CACHE_TTL_MS", { fallback: 60_000, min: 1 }),
    cacheSizeMax: read.integer("CACHE_SIZE_MAX", { fallback: 10_000, min: 1, max: 10_000_000 }),
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
