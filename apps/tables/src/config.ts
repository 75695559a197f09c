import { type AuthConfig, readAuthConfig } from "@ordermesh/auth/config";
import { readTlsConfig, type TlsConfig } from "@ordermesh/auth/tls";
import { type ConfigReader, type Environment, readConfig } from "@ordermesh/config/config";
import { type Networks, readNetworks } from "@ordermesh/rpc/client-address";
import { readSecret } from "@ordermesh/sealing/read-secret";
import type { LogFormat, LogLevel } from "@ordermesh/telemetry/logger";

export interface TablesConfig {
  readonly host: string;
  readonly port: number;
  readonly databaseUrl: string;
  readonly databaseConnectionsMax: number;
  readonly databaseTimeoutMs: number;
  readonly kafkaBrokers: readonly string[];
  /** "host:port", or several with commas between. */
  readonly lomsAddress: string;
  readonly productAddress: string;
  readonly paymentsAddress: string;
  /** 32 bytes, the same for all replicas, that the secrets in links are made with. Undefined: new ones at each start. */
  readonly tablesKey: Uint8Array | undefined;
  /** Where guests' links lead, without a slash at the end: where the gateway is seen from outside. */
  readonly publicUrl: string;
  /** How many guests with a token a session may have. */
  readonly guestsMax: number;
  /** When the recovery goes on with an order, or a forced close, that a call has begun. */
  readonly recoveryAfterMs: number;
  /** How often it is looked for such. */
  readonly recoveryEveryMs: number;
  /** When payments is asked what became of a try to pay a share. */
  readonly shareCheckAfterMs: number;
  /** How long a forced close waits for shares that are being paid. */
  readonly shareGiveUpAfterMs: number;
  /** Whose word about where a call came from is taken. */
  readonly trustedProxies: Networks;
  /** Undefined with AUTH=off: anybody may call everything. */
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
export function readTablesConfig(environment: Environment): TablesConfig {
  return readConfig(environment, (read) => ({
    host: read.string("TABLES_HOST", "0.0.0.0"),
    port: read.integer("TABLES_PORT", { fallback: 50056, min: 0, max: 65535 }),
    databaseUrl: read.string("TABLES_DATABASE_URL"),
    databaseConnectionsMax: read.integer("TABLES_DATABASE_CONNECTIONS_MAX", {
      fallback: 8,
      min: 2,
      max: 200,
    }),
    databaseTimeoutMs: read.integer("TABLES_DATABASE_TIMEOUT_MS", { fallback: 5_000, min: 100 }),
    kafkaBrokers: read.list("KAFKA_BROKERS", ["127.0.0.1:9092"]),
    lomsAddress: read.string("LOMS_ADDRESS", "127.0.0.1:50051"),
    productAddress: read.string("PRODUCT_ADDRESS", "127.0.0.1:50053"),
    paymentsAddress: read.string("PAYMENTS_ADDRESS", "127.0.0.1:50054"),
    tablesKey: readSecret(read, "TABLES_KEY"),
    publicUrl: readPublicUrl(read),
    guestsMax: read.integer("TABLES_GUESTS_MAX", { fallback: 50, min: 1, max: 1_000 }),
    recoveryAfterMs: read.integer("TABLES_RECOVERY_AFTER_MS", { fallback: 5_000, min: 100, max: 20_000 }),
    recoveryEveryMs: read.integer("TABLES_RECOVERY_EVERY_MS", { fallback: 500, min: 10, max: 10_000 }),
    // By default longer than the calls of a try may take together.
    shareCheckAfterMs: read.integer("TABLES_SHARE_CHECK_AFTER_MS", {
      fallback: 12_000,
      min: 100,
      max: 60_000,
    }),
    shareGiveUpAfterMs: read.integer("TABLES_SHARE_GIVE_UP_AFTER_MS", {
      fallback: 10_000,
      min: 0,
      max: 60_000,
    }),
    trustedProxies: readNetworks(read, "TRUSTED_PROXIES"),
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

function readPublicUrl(read: ConfigReader): string {
  const text = read.string("PUBLIC_URL", "http://127.0.0.1:8080");
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url === undefined ||
    !["http:", "https:"].includes(url.protocol) ||
    url.search !== "" ||
    url.hash !== ""
  ) {
    read.problem(`PUBLIC_URL must be an address such as https://order.example.com, but is "${text}".`);
  }
  return text.replace(/\/+$/, "");
}
