import { type AuthConfig, readAuthConfig } from "@ordermesh/auth/config";
import { readTlsConfig, type TlsConfig } from "@ordermesh/auth/tls";
import { type ConfigReader, type Environment, readConfig } from "@ordermesh/config/config";
import { type Networks, readNetworks } from "@ordermesh/rpc/client-address";
import { readSecret } from "@ordermesh/sealing/read-secret";
import type { LogFormat, LogLevel } from "@ordermesh/telemetry/logger";
import type { RateLimit } from "./domain/rate-limit.ts";
import type { DemoUser } from "./pages/page-config.ts";
import type { UpstreamName } from "./upstreams.ts";

export interface GatewayConfig {
  readonly host: string;
  readonly port: number;
  /** Serves TLS with the certificate of `tls`, asking clients for none. Else something before it does. */
  readonly servesTls: boolean;
  readonly databaseUrl: string;
  readonly databaseConnectionsMax: number;
  readonly databaseTimeoutMs: number;
  /** "host:port", or several with commas between. */
  readonly addresses: Readonly<Record<UpstreamName, string>>;
  /** Deadline of a call whose client gave none, and the longest that a client may give. */
  readonly upstreamTimeoutMs: number;
  readonly maxUpstreamTimeoutMs: number;
  /** Exact origins whose pages may read our answers. */
  readonly allowedOrigins: readonly string[];
  /** Addresses or ranges whose X-Forwarded-For is believed. */
  readonly trustedProxies: Networks;
  readonly maxBodyBytes: number;
  /** For all replicas together. */
  readonly perAddress: RateLimit;
  readonly perUser: RateLimit;
  readonly credentials: RateLimit;
  readonly replicas: number;
  readonly requestTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** Under which address browsers and phones reach us, without a slash at its end. */
  readonly publicUrl: string;
  /** Address of a trace, with `{traceId}` in it, for who works at an order; undefined: traces are shown nowhere. */
  readonly traceUrl: string | undefined;
  /** Whom the pages offer to sign in as, with the password of all of them: on one machine only. */
  readonly demoUsers: readonly DemoUser[];
  readonly demoPassword: string | undefined;
  readonly webSockets: WebSocketConfig;
  /** Serves ordered-online's clients as that system did: to whom has a session's code, without a token. */
  readonly orderedOnlineOpen: boolean;
  /** Currency of the bills of order-processing-system, which had none. */
  readonly billCurrency: string;
  /** The card with which checkouts of AngelProj's carts are paid, which knew no cards: for the sandbox only. */
  readonly cartCard: string;
  /** 32 bytes, the same for all replicas, under which writes with an Idempotency-Key are remembered. Else they are refused. */
  readonly gatewaySecret: Uint8Array | undefined;
  readonly auth: AuthConfig | undefined;
  readonly tls: TlsConfig | undefined;
  readonly stopTimeoutMs: number;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  readonly otlpEndpoint: string | undefined;
  readonly traceSampleRatio: number;
}

export interface WebSocketConfig {
  /** Open at the same time, in this process. */
  readonly max: number;
  readonly perAddressMax: number;
  /** What may be unsent to one client before it has to read. */
  readonly bufferBytesMax: number;
  /** How long it may take to do so. */
  readonly stalledMs: number;
  /** A client that has not answered a ping by the next is cut. */
  readonly pingEveryMs: number;
}

/** The only reader of the environment. */
export function readGatewayConfig(environment: Environment): GatewayConfig {
  return readConfig(environment, (read) => ({
    host: read.string("GATEWAY_HOST", "0.0.0.0"),
    port: read.integer("GATEWAY_PORT", { fallback: 8080, min: 0, max: 65535 }),
    servesTls: read.boolean("GATEWAY_TLS", false),
    databaseUrl: read.string("GATEWAY_DATABASE_URL"),
    databaseConnectionsMax: read.integer("GATEWAY_DATABASE_CONNECTIONS_MAX", {
      fallback: 8,
      min: 2,
      max: 200,
    }),
    databaseTimeoutMs: read.integer("GATEWAY_DATABASE_TIMEOUT_MS", { fallback: 5_000, min: 100 }),
    addresses: {
      loms: read.string("LOMS_ADDRESS", "127.0.0.1:50051"),
      checkout: read.string("CHECKOUT_ADDRESS", "127.0.0.1:50052"),
      product: read.string("PRODUCT_ADDRESS", "127.0.0.1:50053"),
      payments: read.string("PAYMENTS_ADDRESS", "127.0.0.1:50054"),
      notifications: read.string("NOTIFICATIONS_ADDRESS", "127.0.0.1:50055"),
      identity: read.string("IDENTITY_ADDRESS", "127.0.0.1:50057"),
      tables: read.string("TABLES_ADDRESS", "127.0.0.1:50056"),
      verify: read.string("VERIFY_ADDRESS", "127.0.0.1:50058"),
    },
    upstreamTimeoutMs: read.integer("GATEWAY_UPSTREAM_TIMEOUT_MS", { fallback: 15_000, min: 10 }),
    maxUpstreamTimeoutMs: read.integer("GATEWAY_UPSTREAM_TIMEOUT_MAX_MS", { fallback: 60_000, min: 10 }),
    allowedOrigins: readOrigins(read),
    trustedProxies: readNetworks(read, "GATEWAY_TRUSTED_PROXIES"),
    maxBodyBytes: read.integer("GATEWAY_BODY_BYTES_MAX", { fallback: 4 * 1024 * 1024, min: 1_024 }),
    perAddress: readRateLimit(read, "GATEWAY_ADDRESS_REQUESTS", { perSecond: 200, burst: 400 }),
    perUser: readRateLimit(read, "GATEWAY_USER_REQUESTS", { perSecond: 100, burst: 200 }),
    credentials: readRateLimit(read, "GATEWAY_CREDENTIAL_REQUESTS", { perSecond: 2, burst: 30 }),
    replicas: read.integer("GATEWAY_REPLICAS", { fallback: 1, min: 1, max: 1_000 }),
    requestTimeoutMs: read.integer("GATEWAY_REQUEST_TIMEOUT_MS", { fallback: 30_000, min: 100 }),
    idleTimeoutMs: read.integer("GATEWAY_IDLE_TIMEOUT_MS", { fallback: 75_000, min: 100 }),
    publicUrl: readPublicUrl(read),
    traceUrl: readTraceUrl(read),
    demoUsers: read.list("GATEWAY_DEMO_USERS", []).map((text) => {
      const [username = "", role = username] = text.split(":");
      return { username, role };
    }),
    demoPassword: read.optionalString("GATEWAY_DEMO_PASSWORD"),
    webSockets: {
      // Below the connections of the port, so that other requests still get one.
      max: read.integer("GATEWAY_WEBSOCKETS_MAX", { fallback: 3_000, min: 1 }),
      perAddressMax: read.integer("GATEWAY_ADDRESS_WEBSOCKETS_MAX", { fallback: 500, min: 1 }),
      bufferBytesMax: read.integer("GATEWAY_WEBSOCKET_BUFFER_BYTES_MAX", { fallback: 262_144, min: 1 }),
      stalledMs: read.integer("GATEWAY_WEBSOCKET_STALLED_MS", { fallback: 10_000, min: 10 }),
      pingEveryMs: read.integer("GATEWAY_WEBSOCKET_PING_MS", { fallback: 30_000, min: 10 }),
    },
    orderedOnlineOpen: read.boolean("ORDERED_ONLINE_OPEN", false),
    billCurrency: read.string("GATEWAY_BILL_CURRENCY", "EUR"),
    cartCard: read.string("GATEWAY_CART_CARD", "4242424242424242"),
    gatewaySecret: readSecret(read, "GATEWAY_KEY"),
    auth: readAuthConfig(read),
    tls: readTlsConfig(read),
    stopTimeoutMs: read.integer("STOP_TIMEOUT_MS", { fallback: 30_000, min: 100 }),
    logLevel: read.oneOf("LOG_LEVEL", ["debug", "info", "warn", "error"], "info"),
    logFormat: read.oneOf("LOG_FORMAT", ["json", "readable"], "json"),
    otlpEndpoint: read.optionalString("OTEL_EXPORTER_OTLP_ENDPOINT"),
    traceSampleRatio: read.integer("TRACE_SAMPLE_PERCENT", { fallback: 100, min: 0, max: 100 }) / 100,
  }));
}

function readRateLimit(read: ConfigReader, name: string, standard: RateLimit): RateLimit {
  return {
    perSecond: read.integer(`${name}_PER_SECOND`, { fallback: standard.perSecond, min: 1 }),
    burst: read.integer(`${name}_BURST`, { fallback: standard.burst, min: 1 }),
  };
}

function readPublicUrl(read: ConfigReader): string {
  const text = read.string("PUBLIC_URL", "http://127.0.0.1:8080");
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    read.problem(`PUBLIC_URL must be an address such as https://shop.example.com, and "${text}" is none.`);
    return "http://127.0.0.1:8080";
  }
  return text.replace(/\/+$/, "");
}

function readTraceUrl(read: ConfigReader): string | undefined {
  const text = read.optionalString("TRACE_URL");
  if (text === undefined) {
    return undefined;
  }
  const example = text.replaceAll("{traceId}", "0".repeat(32));
  const url = URL.canParse(example) ? new URL(example) : undefined;
  if (example === text || url === undefined || !/^https?:$/.test(url.protocol) || url.username !== "") {
    read.problem(
      `TRACE_URL must be an address of traces such as https://jaeger.example.com/trace/{traceId}, without a name or a password, but is "${text}".`,
    );
    return undefined;
  }
  return text;
}

function readOrigins(read: ConfigReader): readonly string[] {
  const origins = read.list("GATEWAY_ALLOWED_ORIGINS", []);
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      read.problem(
        `GATEWAY_ALLOWED_ORIGINS must list origins such as https://shop.example.com, but "${origin}" is none.`,
      );
    }
  }
  return origins;
}
