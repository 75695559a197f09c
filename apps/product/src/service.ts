import { openAuth } from "@ordermesh/auth/auth";
import { loadTls } from "@ordermesh/auth/tls";
import { openDatabase } from "@ordermesh/postgres/database";
import { migrate } from "@ordermesh/postgres/migrate";
import type { Running } from "@ordermesh/process/run-until-signal";
import { createStopList } from "@ordermesh/process/stop-in-order";
import { startReadiness } from "@ordermesh/rpc/readiness";
import { startRpcServer } from "@ordermesh/rpc/server";
import { createLogger } from "@ordermesh/telemetry/logger";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing } from "@ordermesh/telemetry/tracing";
import type { ProductConfig } from "./config.ts";
import { bindMinizonProduct } from "./rpc/minizon.ts";
import { minizonRules } from "./rpc/minizon-rules.ts";
import { bindProductService } from "./rpc/product-service.ts";

const service = "product";
const version = "0.1.0";

export interface ProductApp extends Running {
  readonly address: { readonly host: string; readonly port: number };
  /** Resolves once the database is migrated; rejects when that will never be. */
  readonly ready: Promise<void>;
}

/**
 * Starts the service: every socket, pool and loop that it has is named here, in the order of starting. The port opens
 * first, and the health check says NOT_SERVING until the database is there and migrated.
 */
export async function startProduct(config: ProductConfig): Promise<ProductApp> {
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

  const server = await startRpcServer({
    host: config.host,
    port: config.port,
    services: [bindProductService(database), bindMinizonProduct({ database, token: config.minizonToken })],
    logger,
    metrics,
    tracing,
    reflection: config.reflection,
    authorize: auth.authorize(minizonRules),
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
