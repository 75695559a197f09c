import { openAuth } from "@ordermesh/auth/auth";
import { loadTls } from "@ordermesh/auth/tls";
import { openDatabase } from "@ordermesh/postgres/database";
import { migrate } from "@ordermesh/postgres/migrate";
import type { Running } from "@ordermesh/process/run-until-signal";
import { createStopList } from "@ordermesh/process/stop-in-order";
import { createGrpcTransport } from "@ordermesh/rpc/client";
import { startReadiness } from "@ordermesh/rpc/readiness";
import { startRpcServer } from "@ordermesh/rpc/server";
import { createLogger } from "@ordermesh/telemetry/logger";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing } from "@ordermesh/telemetry/tracing";
import { openCartDesk } from "./cart-desk.ts";
import type { CheckoutConfig } from "./config.ts";
import { createProductCache } from "./product-cache.ts";
import { bindCheckoutAdminService, bindCheckoutService } from "./rpc/checkout-service.ts";
import { bindMinizonCheckout } from "./rpc/minizon.ts";
import { minizonRules } from "./rpc/minizon-rules.ts";
import { catalogueServices, createLookUp, lookUpSkusMax } from "./upstream/catalogue.ts";
import { createLoms, lomsServices } from "./upstream/loms.ts";
import { createRateLimit } from "./upstream/rate-limit.ts";

const service = "checkout";
const version = "0.1.0";

/** Of a call whose own deadline is not known, which the server's default makes impossible. */
const defaultTimeoutMs = 30_000;

export interface Checkout extends Running {
  readonly address: { readonly host: string; readonly port: number };
  /** Resolves once the database is migrated; rejects when that will never be. */
  readonly ready: Promise<void>;
}

/**
 * Starts the service: every socket, pool and loop that it has is named here, in the order of starting. The port opens
 * first, and the health check says NOT_SERVING until the database is there and migrated.
 */
export async function startCheckout(config: CheckoutConfig): Promise<Checkout> {
  const parts = createStopList();
  const starting = new AbortController();
  const logger = createLogger({ service, level: config.logLevel, format: config.logFormat });
  const metrics = createMetrics({ service, version });
  const tracing = await startTracing({
    service,
    version,
    endpoint: config.otlpEndpoint,
    sampleRatio: config.traceSampleRatio,
  });
  parts.add("tracing", tracing.stop);
  const auth = await openAuth({ config: config.auth, service, logger });
  const tls = await loadTls(config.tls);

  const database = openDatabase({
    url: config.databaseUrl,
    applicationName: service,
    connectionsMax: config.databaseConnectionsMax,
    timeoutMs: config.databaseTimeoutMs,
    metrics,
  });
  parts.add("database", database.close);
  const desk = openCartDesk({
    database,
    databaseUrl: config.databaseUrl,
    timeoutMs: config.databaseTimeoutMs,
    metrics,
  });
  parts.add("cart desk", desk.close);

  const client = { metrics, tracing, defaultTimeoutMs };
  const lomsTransport = createGrpcTransport({
    ...client,
    address: config.lomsAddress,
    services: lomsServices,
    credentials: auth.credentials("loms"),
    tls: tls?.client("loms"),
  });
  parts.add("loms client", lomsTransport.close);
  const loms = createLoms(lomsTransport.transport, createRateLimit("LOMS", config.lomsRate));

  const catalogue = createGrpcTransport({
    ...client,
    address: config.productAddress,
    services: catalogueServices,
    credentials: auth.credentials("product"),
    tls: tls?.client("product"),
  });
  parts.add("product client", catalogue.close);
  const products = createProductCache({
    lookUp: createLookUp({
      transport: catalogue.transport,
      rateLimit: createRateLimit("ProductService", config.productRate),
      timeoutMs: config.productTimeoutMs,
    }),
    lookUpSkusMax,
    sizeMax: config.cacheSizeMax,
    ttlMs: config.cacheTtlMs,
    metrics,
  });

  const handlers = { database, desk, loms, products };
  const server = await startRpcServer({
    host: config.host,
    port: config.port,
    services: [
      bindCheckoutService(handlers),
      bindCheckoutAdminService(products),
      bindMinizonCheckout(handlers),
    ],
    logger,
    metrics,
    tracing,
    reflection: config.reflection,
    authorize: auth.authorize(minizonRules(config.minizonOpen)),
    tls: tls?.server,
  });
  parts.add("rpc server", () => server.stop(config.stopTimeoutMs));

  async function becomeReady(): Promise<void> {
    const { signal } = starting;
    await migrate({
      url: config.databaseUrl,
      directory: new URL("../migrations/", import.meta.url),
      logger,
      signal,
    });
    signal.throwIfAborted();
    const readiness = startReadiness({
      // Not LOMS and not the catalogue: while one is away, calls that need it fail at once and by its name, and the
      // others work. Were checkout not ready then, it would vanish with them, for no call's benefit.
      checks: { database: () => database.read(async (db) => void (await db.query("select 1"))) },
      timeoutMs: 2_000,
      onChange: (ready, reasons) => {
        server.setServing(ready, reasons);
        logger.info(ready ? {} : { reasons }, ready ? "ready" : "not ready");
      },
    });
    parts.add("readiness", readiness.stop);
  }

  const ready = becomeReady();
  // Why it did not become ready is for who awaits `ready`: main.ts does.
  const settled = ready.catch(() => {});
  return {
    address: server.address,
    ready,
    async stop() {
      starting.abort();
      await settled;
      await parts.stopAll();
    },
  };
}
