import type { DescMethod } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { openAuth } from "@ordermesh/auth/auth";
import { loadTls } from "@ordermesh/auth/tls";
import { openDatabase } from "@ordermesh/postgres/database";
import { migrate } from "@ordermesh/postgres/migrate";
import type { Running } from "@ordermesh/process/run-until-signal";
import { createStopList } from "@ordermesh/process/stop-in-order";
import { Health } from "@ordermesh/proto/grpc/health/v1/health_pb";
import { socketKey } from "@ordermesh/rpc/peer";
import { startReadiness } from "@ordermesh/rpc/readiness";
import { startRpcServer } from "@ordermesh/rpc/server";
import { createValidation } from "@ordermesh/rpc/validation";
import { createLogger } from "@ordermesh/telemetry/logger";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing } from "@ordermesh/telemetry/tracing";
import type { GatewayConfig } from "./config.ts";
import { createClientAddressOf } from "./edge/client-address.ts";
import { createEdgeLimits } from "./edge/edge-limits.ts";
import { createEdgeListener } from "./edge/edge-listener.ts";
import { refuseHttp2 } from "./edge/refuse-http2.ts";
import { createAnswerRoute } from "./edge/route-answers.ts";
import { createIdempotentWrites } from "./idempotency/idempotent-writes.ts";
import { startPruneLoop } from "./idempotency/prune-loop.ts";
import { openOwnServices } from "./own-services/open-own-services.ts";
import { withOwnServices } from "./own-services/own-methods.ts";
import { authorizeOwn } from "./own-services/own-rules.ts";
import { pageRoutes } from "./page-routes.ts";
import { openPages } from "./pages/open-pages.ts";
import { pageConfigRoute } from "./pages/page-config.ts";
import { createOrderedOnlineSocket } from "./replaced/ordered-online/session-socket.ts";
import { replacedRoutes } from "./replaced/replaced-routes.ts";
import { createRestCalls } from "./rest/rest-call.ts";
import { restRoutes } from "./rest/rest-routes.ts";
import { createRouteTable } from "./rest/route-table.ts";
import { proxyService } from "./rpc/proxy-service.ts";
import { seatRoutes } from "./seats/seat-routes.ts";
import { pruneCodeGuests } from "./sql/code-guests.ts";
import { pruneRecords } from "./sql/idempotency-records.ts";
import { pruneSessionKeys } from "./sql/session-keys.ts";
import { openUpstreamClients } from "./upstream-clients.ts";
import { createUpstreams, servicesBehind, upstreamNames } from "./upstreams.ts";
import { sessionRoute } from "./websocket/session-route.ts";
import { createSessionStreams } from "./websocket/session-stream.ts";
import { createSocketCaps } from "./websocket/socket-caps.ts";
import { createSocketMetrics } from "./websocket/socket-metrics.ts";
import { createUpgradeListener } from "./websocket/upgrade-listener.ts";

const service = "gateway";
const version = "0.1.0";

/** From the end of one round of removing expired keys to the next. */
const pruneEveryMs = 60_000;

/** What an attempt may take beyond its deadline before its key is free for another. */
const leaseMarginMs = 10_000;

export interface Gateway extends Running {
  readonly address: { readonly host: string; readonly port: number };
  /** Resolves once the database is migrated; rejects when that will never be. */
  readonly ready: Promise<void>;
}

/**
 * Starts the gateway: every socket, pool and loop that it has is named here, in the order of starting. The port opens
 * first, and the health check says NOT_SERVING until the database is there and migrated.
 */
export async function startGateway(config: GatewayConfig): Promise<Gateway> {
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

  const { transports, asGateway } = openUpstreamClients({
    addresses: config.addresses,
    timeoutMs: config.upstreamTimeoutMs,
    auth,
    tls,
    metrics,
    tracing,
    parts,
  });
  const ownAddress = () => server.address;
  const own = openOwnServices({ config, transports, ownAddress, auth, tls, metrics, tracing, parts });
  const upstreams = withOwnServices(createUpstreams(transports), own, createValidation());
  const ownServices = own.map(({ service }) => service);
  const services = [...upstreamNames.flatMap((name) => [...servicesBehind[name]]), ...ownServices];

  const clientAddressOf = createClientAddressOf(config.trustedProxies);
  const addressOfCall = ({ requestHeader, values }: HandlerContext) => {
    const socket = values.get(socketKey);
    const forwarded = requestHeader.get("x-forwarded-for");
    return socket === undefined
      ? ""
      : clientAddressOf({ headers: forwarded === null ? {} : { "x-forwarded-for": forwarded }, socket });
  };
  const idempotentWrites = createIdempotentWrites({
    database,
    secret: config.gatewaySecret,
    logger,
    leaseMs: config.maxUpstreamTimeoutMs + leaseMarginMs,
  });
  const allowedOrigins = new Set(config.allowedOrigins);
  const otherRoutes = [
    ...(await pageRoutes()),
    ...replacedRoutes({ config, transports, asGateway, database, tracing, logger }),
    ...seatRoutes({
      identity: transports.identity,
      tracing,
      timeoutMs: config.upstreamTimeoutMs,
      publicOrigin: new URL(config.publicUrl).origin,
      secure: config.servesTls || config.publicUrl.startsWith("https:"),
    }),
    pageConfigRoute({ ...config, version }),
  ];
  const pages = await openPages(logger);

  const limits = createEdgeLimits(config);
  const caps = createSocketCaps(config.webSockets);
  const socketMetrics = createSocketMetrics(metrics);

  const server = await startRpcServer({
    host: config.host,
    port: config.port,
    services: services.map((desc) => proxyService(desc, upstreams, addressOfCall)),
    logger,
    metrics,
    tracing,
    // Reflection is a stream of the client's, which does not pass an edge without gRPC.
    reflection: false,
    authorize: authorizeOwn(ownServices, auth.authorize()),
    limits: {
      maxMessageBytes: config.maxBodyBytes,
      unaryTimeoutMs: config.upstreamTimeoutMs,
      maxUnaryTimeoutMs: config.maxUpstreamTimeoutMs,
      requestTimeoutMs: config.requestTimeoutMs,
      idleTimeoutMs: config.idleTimeoutMs,
    },
    ...(config.servesTls &&
      tls !== undefined && { tls: { certificate: tls.server.certificate, key: tls.server.key } }),
    edge: {
      onHttp2: refuseHttp2,
      wrap(next, chain) {
        const calls = createRestCalls({ chain, upstreams, firstMessageTimeoutMs: config.upstreamTimeoutMs });
        return createEdgeListener({
          next,
          rpcs: new Map(
            [...services, Health].flatMap((desc) => desc.methods).map((rpc) => [pathOf(rpc), rpc]),
          ),
          answerRoute: createAnswerRoute({
            routes: createRouteTable([...restRoutes(services, calls), ...otherRoutes]),
            limits,
            idempotentWrites,
            pages,
            maxBodyBytes: config.maxBodyBytes,
            logger,
          }),
          identify: auth.identify,
          clientAddressOf,
          limits,
          allowedOrigins,
          logger,
        });
      },
      upgrade: (chain) =>
        createUpgradeListener({
          routes: [sessionRoute, createOrderedOnlineSocket(config.orderedOnlineOpen)],
          openStream: createSessionStreams({
            chain,
            upstreams,
            upstreamsAsGateway: createUpstreams({ ...transports, tables: asGateway.tables }),
            firstMessageTimeoutMs: config.upstreamTimeoutMs,
          }),
          identify: auth.identify,
          clientAddressOf,
          limits,
          allowedOrigins,
          caps,
          bounds: config.webSockets,
          pingEveryMs: config.webSockets.pingEveryMs,
          metrics: socketMetrics,
          logger,
        }),
    },
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
    const prunes = [pruneRecords, pruneSessionKeys, pruneCodeGuests];
    const pruning = startPruneLoop({ database, prunes, logger, everyMs: pruneEveryMs });
    parts.add("removal of what has expired", pruning.stop);
    const readiness = startReadiness({
      // Not the services: while one is away, only what needs it fails, at once and by its name.
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

function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}
