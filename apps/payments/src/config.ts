import { type AuthConfig, readAuthConfig } from "@ordermesh/auth/config";
import { readTlsConfig, type TlsConfig } from "@ordermesh/auth/tls";
import { type ConfigReader, type Environment, readConfig } from "@ordermesh/config/config";
import type { LogFormat, LogLevel } from "@ordermesh/telemetry/logger";

export interface PaymentsConfig {
  readonly host: string;
  readonly port: number;
  readonly databaseUrl: string;
  readonly databaseConnectionsMax: number;
  readonly databaseTimeoutMs: number;
  readonly kafkaBrokers: readonly string[];
  /** Undefined with AUTH=off: anybody may call everything. */
  readonly auth: AuthConfig | undefined;
  /** Undefined: connections are not encrypted. */
  readonly tls: TlsConfig | undefined;
  /** Shared with the provider, whose events are signed with it. Undefined: a new one at each start. */
  readonly webhookSecret: string | undefined;
  /** Where the sandbox sends its events. Undefined: it hands them over inside the process. */
  readonly sandboxWebhookUrl: string | undefined;
  /** How long the sandbox's cards take that need time. */
  readonly sandboxDelayMs: number;
  /** The longest wait for an answer of the provider. */
  readonly providerTimeoutMs: number;
  /** When the provider is asked what became of a call whose answer is missing. */
  readonly recoveryAfterMs: number;
  /** How often it is looked for such calls. */
  readonly recoveryEveryMs: number;
  readonly stopTimeoutMs: number;
  readonly reflection: boolean;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  readonly otlpEndpoint: string | undefined;
  readonly traceSampleRatio: number;
}

/** The only reader of the environment. */
export function readPaymentsConfig(environment: Environment): PaymentsConfig {
  return readConfig(environment, (read) => ({
    host: read.string("PAYMENTS_HOST", "0.0.0.0"),
    port: read.integer("PAYMENTS_PORT", { fallback: 50054, min: 0, max: 65535 }),
    databaseUrl: read.string("PAYMENTS_DATABASE_URL"),
    databaseConnectionsMax: read.integer("PAYMENTS_DATABASE_CONNECTIONS_MAX", {
      fallback: 8,
      min: 2,
      max: 200,
    }),
    databaseTimeoutMs: read.integer("PAYMENTS_DATABASE_TIMEOUT_MS", { fallback: 5_000, min: 100 }),
    kafkaBrokers: read.list("KAFKA_BROKERS", ["127.0.0.1:9092"]),
    auth: readAuthConfig(read),
    tls: readTlsConfig(read),
    webhookSecret: readWebhookSecret(read),
    sandboxWebhookUrl: read.optionalString("SANDBOX_WEBHOOK_URL"),
    sandboxDelayMs: read.integer("SANDBOX_DELAY_MS", { fallback: 2_000, min: 0, max: 600_000 }),
    ...readProviderTimes(read),
    stopTimeoutMs: read.integer("STOP_TIMEOUT_MS", { fallback: 30_000, min: 100 }),
    reflection: read.boolean("REFLECTION", true),
    logLevel: read.oneOf("LOG_LEVEL", ["debug", "info", "warn", "error"], "info"),
    logFormat: read.oneOf("LOG_FORMAT", ["json", "readable"], "json"),
    otlpEndpoint: read.optionalString("OTEL_EXPORTER_OTLP_ENDPOINT"),
    traceSampleRatio: read.integer("TRACE_SAMPLE_PERCENT", { fallback: 100, min: 0, max: 100 }) / 100,
  }));
}

const webhookSecretLengthMin = 24;

function readWebhookSecret(read: ConfigReader): string | undefined {
  const secret = read.optionalString("PAYMENTS_WEBHOOK_SECRET");
  if (secret !== undefined && secret.length < webhookSecretLengthMin) {
    read.problem(`PAYMENTS_WEBHOOK_SECRET must have at least ${webhookSecretLengthMin} characters.`);
  }
  return secret;
}

function readProviderTimes(read: ConfigReader) {
  const providerTimeoutMs = read.integer("PROVIDER_TIMEOUT_MS", { fallback: 5_000, min: 50, max: 20_000 });
  const recoveryAfterMs = read.integer("PAYMENTS_RECOVERY_AFTER_MS", {
    fallback: 10_000,
    min: 100,
    max: 20_000,
  });
  if (recoveryAfterMs <= providerTimeoutMs) {
    read.problem("PAYMENTS_RECOVERY_AFTER_MS must be more than PROVIDER_TIMEOUT_MS.");
  }
  const recoveryEveryMs = read.integer("PAYMENTS_RECOVERY_EVERY_MS", { fallback: 500, min: 10, max: 10_000 });
  return { providerTimeoutMs, recoveryAfterMs, recoveryEveryMs };
}
