import { type AuthConfig, readAuthConfig } from "@ordermesh/auth/config";
import { readTlsConfig, type TlsConfig } from "@ordermesh/auth/tls";
import { type Environment, readConfig } from "@ordermesh/config/config";
import { readSecret } from "@ordermesh/sealing/read-secret";
import type { LogFormat, LogLevel } from "@ordermesh/telemetry/logger";

export interface NotificationsConfig {
  readonly host: string;
  readonly port: number;
  readonly databaseUrl: string;
  readonly databaseConnectionsMax: number;
  readonly databaseTimeoutMs: number;
  readonly kafkaBrokers: readonly string[];
  /** Undefined: no e-mail is sent. */
  readonly smtp: { readonly url: string; readonly from: string } | undefined;
  /** Whether webhooks may lead to private, loopback and other addresses that are not of the public internet. */
  readonly webhookAllowPrivate: boolean;
  readonly webhookAllowHttp: boolean;
  /** Of one try, from looking up the name to the status of the reply. */
  readonly webhookTimeoutMs: number;
  /** After the first try that failed; it doubles with each one. For e-mail as well. */
  readonly deliveryBackoffBaseMs: number;
  /** Shared with the order service: opens the voucher codes that text messages tell. Undefined: none can be told. */
  readonly voucherSecret: Uint8Array | undefined;
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
export function readNotificationsConfig(environment: Environment): NotificationsConfig {
  return readConfig(environment, (read) => {
    const smtpUrl = read.optionalString("SMTP_URL");
    return {
      host: read.string("NOTIFICATIONS_HOST", "0.0.0.0"),
      port: read.integer("NOTIFICATIONS_PORT", { fallback: 50055, min: 0, max: 65535 }),
      databaseUrl: read.string("NOTIFICATIONS_DATABASE_URL"),
      databaseConnectionsMax: read.integer("NOTIFICATIONS_DATABASE_CONNECTIONS_MAX", {
        fallback: 8,
        min: 2,
        max: 200,
      }),
      databaseTimeoutMs: read.integer("NOTIFICATIONS_DATABASE_TIMEOUT_MS", { fallback: 5_000, min: 100 }),
      kafkaBrokers: read.list("KAFKA_BROKERS", ["127.0.0.1:9092"]),
      smtp: smtpUrl === undefined ? undefined : { url: smtpUrl, from: read.string("SMTP_FROM") },
      webhookAllowPrivate: read.boolean("WEBHOOK_ALLOW_PRIVATE", false),
      webhookAllowHttp: read.boolean("WEBHOOK_ALLOW_HTTP", false),
      webhookTimeoutMs: read.integer("WEBHOOK_TIMEOUT_MS", { fallback: 5_000, min: 10, max: 20_000 }),
      deliveryBackoffBaseMs: read.integer("WEBHOOK_BACKOFF_BASE_MS", {
        fallback: 1_000,
        min: 1,
        max: 60_000,
      }),
      voucherSecret: readSecret(read, "VOUCHER_KEY"),
      auth: readAuthConfig(read),
      tls: readTlsConfig(read),
      stopTimeoutMs: read.integer("STOP_TIMEOUT_MS", { fallback: 30_000, min: 100 }),
      reflection: read.boolean("REFLECTION", true),
      logLevel: read.oneOf("LOG_LEVEL", ["debug", "info", "warn", "error"], "info"),
      logFormat: read.oneOf("LOG_FORMAT", ["json", "readable"], "json"),
      otlpEndpoint: read.optionalString("OTEL_EXPORTER_OTLP_ENDPOINT"),
      traceSampleRatio: read.integer("TRACE_SAMPLE_PERCENT", { fallback: 100, min: 0, max: 100 }) / 100,
    };
  });
}
