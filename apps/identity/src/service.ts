import { openAuth } from "@ordermesh/auth/auth";
import { keysUnavailable } from "@ordermesh/auth/refusals";
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
import type { JWTVerifyGetKey } from "jose";
import { startCleaning } from "./cleaning.ts";
import type { IdentityConfig } from "./config.ts";
import { addFirstUsers } from "./first-users.ts";
import { createIdentityMetrics } from "./identity-metrics.ts";
import { type Keyring, startKeyring } from "./keyring.ts";
import { createPasswords } from "./passwords.ts";
import { bindIdentityService } from "./rpc/identity-service.ts";
import { createKeyPage, keyPath } from "./rpc/key-page.ts";
import { successorKeyOf } from "./sessions.ts";

const service = "identity";
const version = "0.1.0";

export interface Identity extends Running {
  readonly address: { readonly host: string; readonly port: number };
  /** Resolves once the database is migrated and there is a key to sign with; rejects when that will never be. */
  readonly ready: Promise<void>;
}

/**
 * Starts the service: every socket, pool and loop that it has is named here, in the order of starting. The port opens
 * first, and the health check says NOT_SERVING until the database is there and migrated.
 */
export async function startIdentity(config: IdentityConfig): Promise<Identity> {
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
  const tls = await loadTls(config.tls);

  const database = openDatabase({
    url: config.databaseUrl,
    applicationName: service,
    connectionsMax: config.databaseConnectionsMax,
    timeoutMs: config.databaseTimeoutMs,
    metrics,
  });
  parts.add("database", database.close);

  const passwords = await createPasswords();
  let keyring: Keyring | undefined;
  const heldKeyring = (): Keyring => {
    if (keyring === undefined) {
      throw keysUnavailable(new Error("the service has not read them yet"));
    }
    return keyring;
  };
  const findPublicKey: JWTVerifyGetKey = (header, token) => heldKeyring().findPublicKey(header, token);

  const auth = await openAuth({
    // Its own tokens are the only ones that it takes: no service calls it.
    config: { userTokens: config.format, jwksUrl: "", serviceKeys: undefined, ownKey: undefined },
    service,
    logger,
    userKeys: { find: findPublicKey, refreshIfDue: () => {} },
  });
  const server = await startRpcServer({
    host: config.host,
    port: config.port,
    services: [
      bindIdentityService({
        database,
        passwords,
        signingKey: () => heldKeyring().signingKey(),
        findPublicKey,
        format: config.format,
        accessTokenLifetimeMs: config.accessTokenLifetimeMs,
        sessionLifetimeMs: config.sessionLifetimeMs,
        refreshRules: {
          successorKey: successorKeyOf(config.keyEncryptionKey),
          repeatMs: config.refreshRepeatMs,
        },
        trustedProxies: config.trustedProxies,
        metrics: createIdentityMetrics(metrics),
        logger,
      }),
    ],
    logger,
    metrics,
    tracing,
    reflection: config.reflection,
    authorize: auth.authorize(),
    pages: { [keyPath]: createKeyPage(() => keyring?.publicKeys() ?? []) },
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
    keyring = await startKeyring({
      database,
      encryptionKey: config.keyEncryptionKey,
      times: config.keyTimes,
      everyMs: config.keysEveryMs,
      logger,
      onRemoved: auth.forgetTokens,
    });
    parts.add("keyring", keyring.stop);
    await addFirstUsers({
      database,
      passwords,
      logger,
      demoUsers: config.demoUsers,
      operator: config.operator,
    });
    signal.throwIfAborted();
    parts.add("cleaning", startCleaning(database, logger).stop);

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
