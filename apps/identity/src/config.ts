import { readFileSync } from "node:fs";
import { tokenType } from "@ordermesh/auth/service-tokens";
import { readTlsConfig, type TlsConfig } from "@ordermesh/auth/tls";
import type { UserTokenFormat } from "@ordermesh/auth/user-tokens";
import { type ConfigReader, type Environment, readConfig } from "@ordermesh/config/config";
import { type Networks, readNetworks } from "@ordermesh/rpc/client-address";
import type { LogFormat, LogLevel } from "@ordermesh/telemetry/logger";
import type { RotationTimes } from "./domain/key-rotation.ts";

export interface IdentityConfig {
  readonly host: string;
  readonly port: number;
  readonly databaseUrl: string;
  readonly databaseConnectionsMax: number;
  readonly databaseTimeoutMs: number;
  /** What the access tokens say. */
  readonly format: UserTokenFormat;
  readonly accessTokenLifetimeMs: number;
  /** From a login until the password is wanted again. */
  readonly sessionLifetimeMs: number;
  /** For how long a refresh token that was used still gets the answer that it got. */
  readonly refreshRepeatMs: number;
  /** 32 bytes, with which the signing keys are encrypted in the database. */
  readonly keyEncryptionKey: Uint8Array;
  readonly keyTimes: RotationTimes;
  readonly keysEveryMs: number;
  readonly demoUsers: boolean;
  readonly operator: { readonly username: string; readonly password: string } | undefined;
  readonly trustedProxies: Networks;
  readonly tls: TlsConfig | undefined;
  readonly stopTimeoutMs: number;
  readonly reflection: boolean;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  readonly otlpEndpoint: string | undefined;
  readonly traceSampleRatio: number;
}

const hourMs = 3_600_000;

/** The longest that a receiver takes to notice new keys, twice over. */
const publishAheadMs = 300_000;

/** The only reader of the environment. */
export function readIdentityConfig(environment: Environment): IdentityConfig {
  return readConfig(environment, (read) => {
    const accessTokenLifetimeMs =
      read.integer("ACCESS_TOKEN_SECONDS", { fallback: 900, min: 60, max: 900 }) * 1_000;
    return {
      host: read.string("IDENTITY_HOST", "0.0.0.0"),
      port: read.integer("IDENTITY_PORT", { fallback: 50057, min: 0, max: 65535 }),
      databaseUrl: read.string("IDENTITY_DATABASE_URL"),
      databaseConnectionsMax: read.integer("IDENTITY_DATABASE_CONNECTIONS_MAX", {
        fallback: 8,
        min: 2,
        max: 200,
      }),
      databaseTimeoutMs: read.integer("IDENTITY_DATABASE_TIMEOUT_MS", { fallback: 5_000, min: 100 }),
      format: {
        issuer: read.string("IDENTITY_ISSUER", "ordermesh"),
        audience: read.string("IDENTITY_AUDIENCE", "ordermesh"),
        roleClaim: "roles",
        userIdClaim: "sub",
        algorithms: ["ES256"],
        tokenType,
      },
      accessTokenLifetimeMs,
      sessionLifetimeMs: read.integer("SESSION_HOURS", { fallback: 720, min: 1, max: 8_760 }) * hourMs,
      refreshRepeatMs: read.integer("REFRESH_REPEAT_SECONDS", { fallback: 10, min: 0, max: 60 }) * 1_000,
      keyEncryptionKey: readEncryptionKey(read),
      keyTimes: {
        rotateAfterMs:
          read.integer("IDENTITY_KEY_ROTATION_HOURS", { fallback: 720, min: 1, max: 8_760 }) * hourMs,
        publishAheadMs,
        keepMs: accessTokenLifetimeMs + 60_000,
      },
      keysEveryMs: 30_000,
      demoUsers: read.boolean("IDENTITY_DEMO_USERS", false),
      operator: readOperator(read),
      trustedProxies: readNetworks(read, "TRUSTED_PROXIES"),
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

function readEncryptionKey(read: ConfigReader): Uint8Array {
  const text = readSecret(read, "IDENTITY_KEY_ENCRYPTION_KEY");
  const key = Buffer.from(text ?? "", "base64");
  if (key.length !== 32) {
    read.problem(
      "IDENTITY_KEY_ENCRYPTION_KEY, or the file that IDENTITY_KEY_ENCRYPTION_KEY_FILE names, must be 32 bytes in base64: `openssl rand -base64 32` makes them.",
    );
  }
  return key;
}

function readOperator(read: ConfigReader): IdentityConfig["operator"] {
  const username = read.optionalString("IDENTITY_OPERATOR_USERNAME");
  if (username === undefined) {
    return undefined;
  }
  const password = readSecret(read, "IDENTITY_OPERATOR_PASSWORD");
  if (password === undefined || password.length < 10) {
    read.problem("IDENTITY_OPERATOR_PASSWORD, or its _FILE, must have at least 10 characters.");
  }
  return { username, password: password ?? "" };
}

/** From the variable itself, or from the file that `<name>_FILE` names. */
function readSecret(read: ConfigReader, name: string): string | undefined {
  const text = read.optionalString(name);
  const file = read.optionalString(`${name}_FILE`);
  if (text !== undefined || file === undefined) {
    return text;
  }
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    read.problem(`${name}_FILE can not be read (${(error as NodeJS.ErrnoException).code}).`);
    return undefined;
  }
}
