import { randomBytes } from "node:crypto";
import { openAuth } from "@ordermesh/auth/auth";
import { loadTls } from "@ordermesh/auth/tls";
import { bindBacklogService } from "@ordermesh/backlog/backlog-service";
import { createKafkaClient } from "@ordermesh/kafka/client";
import { type Consumer, type ConsumerOptions, startConsumer } from "@ordermesh/kafka/consumer";
import { createProducer } from "@ordermesh/kafka/producer";
import { deadLetterTopic, ensureTopics } from "@ordermesh/kafka/topics";
import { reportBacklog } from "@ordermesh/outbox/backlog";
import { type Relay, startRelay } from "@ordermesh/outbox/relay";
import { openDatabase } from "@ordermesh/postgres/database";
import { migrate } from "@ordermesh/postgres/migrate";
import type { Running } from "@ordermesh/process/run-until-signal";
import { createStopList } from "@ordermesh/process/stop-in-order";
import { startReadiness } from "@ordermesh/rpc/readiness";
import { startRpcServer } from "@ordermesh/rpc/server";
import { createLogger } from "@ordermesh/telemetry/logger";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing } from "@ordermesh/telemetry/tracing";
import { createBills } from "./bills.ts";
import { startCleaning } from "./cleaning.ts";
import type { TablesConfig } from "./config.ts";
import { createInvitations } from "./domain/invitation.ts";
import { joinLimits } from "./domain/join-limit.ts";
import { ordersGroup, ordersTopic, paymentsGroup, paymentsTopic, tablesTopic } from "./events/topics.ts";
import { handleOrderEvents } from "./handle-order-events.ts";
import { identifyGuest } from "./identify-guest.ts";
import { startRecoveryLoop } from "./recovery.ts";
import { bindLocationsService } from "./rpc/locations-service.ts";
import { bindTablesService } from "./rpc/tables-service.ts";
import { startSessionFeed } from "./session-feed.ts";
import type { TableDesk } from "./table-desk.ts";
import { createTableMetrics } from "./table-metrics.ts";
import { createCatalogue } from "./upstream/catalogue.ts";
import { createTableOrders } from "./upstream/table-orders.ts";
import { openUpstreams } from "./upstream/upstreams.ts";

const service = "tables";
const version = "0.1.0";

export interface Tables extends Running {
  readonly address: { readonly host: string; readonly port: number };
  /** Resolves once the database is migrated and the loops run; rejects when that will never be. */
  readonly ready: Promise<void>;
}

/** A topic that this service follows. */
type Followed = Pick<ConsumerOptions, "group" | "handle"> & {
  readonly topic: { readonly name: string; readonly partitions: number };
};

/**
 * Starts the service: every socket, pool and loop that it has is named here, in the order of starting. The port opens
 * first, and the health check says NOT_SERVING until the database is migrated and other services' events are consumed.
 */
export async function startTables(config: TablesConfig): Promise<Tables> {
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
  reportBacklog(database, metrics);
  const auth = await openAuth({
    config: config.auth,
    service,
    logger,
    identifyGuest: (tokenHash) => identifyGuest(database, tokenHash),
  });

  const upstreams = openUpstreams({ config, auth, tls, metrics, tracing, parts });
  const catalogue = createCatalogue(upstreams.products);

  const kafka = createKafkaClient({ brokers: config.kafkaBrokers, clientId: service, logger });
  const producer = createProducer(kafka);
  parts.add("producer", producer.close);
  let relay: Relay | undefined;
  parts.add("relay", async () => relay?.stop());

  const feed = startSessionFeed({ database, logger });
  const tableMetrics = createTableMetrics(metrics, database);
  const onCommitted = () => {
    relay?.wake();
    feed.wake();
  };
  const bills = createBills({
    database,
    upstreams,
    settings: { checkAfterMs: config.shareCheckAfterMs, giveUpAfterMs: config.shareGiveUpAfterMs },
    logger,
    metrics,
    onCommitted,
  });
  const desk: TableDesk = {
    database,
    orders: createTableOrders(upstreams.orders),
    catalogue,
    invitations: createInvitations(config.tablesKey ?? randomBytes(32), config.publicUrl),
    bills: bills.ofSessions,
    joinLimits,
    guestsMax: config.guestsMax,
    recoveryAfterMs: config.recoveryAfterMs,
    onCommitted,
  };

  // What is followed of other services. Each one's dead-letter topic is made with it.
  const followed: readonly Followed[] = [
    { topic: ordersTopic, group: ordersGroup, handle: (records) => handleOrderEvents(desk, records) },
    { topic: paymentsTopic, group: paymentsGroup, handle: bills.handlePaymentEvents },
  ];
  const consumers: Consumer[] = [];

  const server = await startRpcServer({
    host: config.host,
    port: config.port,
    services: [
      bindLocationsService({ database, catalogue }),
      bindTablesService({
        desk,
        feed,
        metrics: tableMetrics,
        trustedProxies: config.trustedProxies,
        billCalls: bills.calls,
      }),
      bindBacklogService({
        client: kafka,
        outbox: database,
        consumers: followed.map(({ topic, group }, index) => ({
          topic: topic.name,
          group,
          consumer: () => consumers[index],
        })),
      }),
    ],
    authorize: auth.authorize(),
    tls: tls?.server,
    logger,
    metrics,
    tracing,
    reflection: config.reflection,
  });
  parts.add("rpc server", () => server.stop(config.stopTimeoutMs));
  parts.add("session feed", feed.stop);
  parts.add("consumers", async () => void (await Promise.all(consumers.map((consumer) => consumer.stop()))));

  async function becomeReady(): Promise<void> {
    const { signal } = starting;
    const directory = new URL("../migrations/", import.meta.url);
    await migrate({ url: config.databaseUrl, directory, logger, signal });
    signal.throwIfAborted();
    parts.add("recovery", startRecoveryLoop({ desk, everyMs: config.recoveryEveryMs, logger }).stop);
    parts.add("bill recovery", bills.start(config.recoveryEveryMs).stop);
    parts.add("cleaning", startCleaning(database, logger).stop);
    const readiness = startReadiness({
      // Not the services that it calls: while one is away, only what needs it fails, and by its name.
      checks: {
        database: () => database.read(async (db) => void (await db.query("select 1"))),
        consumers: async () => checkConsuming(consumers, followed.length),
      },
      timeoutMs: 2_000,
      onChange: (ready, reasons) => {
        server.setServing(ready, reasons);
        logger.info(ready ? {} : { reasons }, ready ? "ready" : "not ready");
      },
    });
    parts.add("readiness", readiness.stop);
  }

  /** Tables are served while Kafka is away; their events wait in the outbox. */
  async function exchangeEvents(): Promise<void> {
    const topics = followed.flatMap(({ topic, group }) => [
      topic,
      { ...topic, name: deadLetterTopic(topic.name, group) },
    ]);
    await ensureTopics(kafka, [tablesTopic, ...topics], starting.signal);
    starting.signal.throwIfAborted();
    relay = startRelay({
      databaseUrl: config.databaseUrl,
      producer,
      topic: tablesTopic.name,
      source: `ordermesh/${service}`,
      logger,
      metrics,
      tracing,
    });
    for (const { topic, group, handle } of followed) {
      const retry = { attemptsMax: 5, backoffBaseMs: 100, backoffMaxMs: 2_000 };
      const options = { client: kafka, group, topic: topic.name, batchMax: 500, retry, metrics, handle };
      consumers.push(startConsumer(options));
    }
  }

  const ready = becomeReady();
  const exchanging = ready.then(exchangeEvents).catch((error) => {
    if (!starting.signal.aborted) {
      logger.error({ err: error }, "events can not be exchanged");
    }
  });
  return {
    address: server.address,
    ready,
    async stop() {
      starting.abort();
      await exchanging;
      await parts.stopAll();
    },
  };
}

function checkConsuming(consumers: readonly Consumer[], wanted: number): void {
  if (consumers.length < wanted || !consumers.every((consumer) => consumer.isRunning())) {
    throw new Error("not a member of its groups: is Kafka up?");
  }
}
