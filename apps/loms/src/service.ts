import { openAuth } from "@ordermesh/auth/auth";
import { loadTls } from "@ordermesh/auth/tls";
import { bindBacklogService } from "@ordermesh/backlog/backlog-service";
import { createKafkaClient } from "@ordermesh/kafka/client";
import { type Consumer, startConsumer } from "@ordermesh/kafka/consumer";
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
import { type ChangeSettings, changeOrders } from "./change-orders.ts";
import type { LomsConfig } from "./config.ts";
import { paymentsGroup, paymentsTopic } from "./events/incoming.ts";
import { ordersTopic } from "./events/outgoing.ts";
import { handlePaymentEvents } from "./handle-payment-events.ts";
import { createIdBlocks } from "./id-blocks.ts";
import { openOrderDesk } from "./order-desk.ts";
import { startOrderFeed } from "./order-feed.ts";
import { createOrderMetrics } from "./order-metrics.ts";
import { createOrderReader } from "./order-reader.ts";
import { bindInventoryService } from "./rpc/inventory-service.ts";
import { bindLomsService } from "./rpc/loms-service.ts";
import { bindMinizonLoms } from "./rpc/minizon.ts";
import { minizonRules } from "./rpc/minizon-rules.ts";
import { voucherCalls } from "./rpc/voucher-handlers.ts";
import { nextIdBlock } from "./sql/id-blocks.ts";
import { pinDefinitions } from "./sql/workflow-definitions.ts";
import { startTimerLoop } from "./timers.ts";
import { createVoucherKey } from "./voucher-key.ts";
import { createValidationCounter } from "./voucher-metrics.ts";
import { workflows } from "./workflows/registry.ts";

const service = "loms";
const version = "0.1.0";

export interface Loms extends Running {
  readonly address: { readonly host: string; readonly port: number };
  /** Resolves once the database is migrated and the loops run; rejects when that will never be. */
  readonly ready: Promise<void>;
}

/**
 * Starts the service: every socket, pool and loop that it has is named here, in the order of starting. The port opens
 * first, and the health check says NOT_SERVING until the database is there and migrated.
 */
export async function startLoms(config: LomsConfig): Promise<Loms> {
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
  reportBacklog(database, metrics);
  const orderMetrics = createOrderMetrics(metrics, database);

  const kafka = createKafkaClient({ brokers: config.kafkaBrokers, clientId: service, logger });
  const producer = createProducer(kafka);
  parts.add("producer", producer.close);

  let relay: Relay | undefined;
  parts.add("relay", async () => relay?.stop());
  const feed = startOrderFeed({ database, logger });
  const onCommitted = () => {
    relay?.wake();
    feed.wake();
  };

  const { voucherSecret, durations } = config;
  const voucherKey = voucherSecret === undefined ? undefined : createVoucherKey(voucherSecret);
  const settings: ChangeSettings = { durations, voucherKey };
  const ids = createIdBlocks(() => database.transaction(nextIdBlock));
  const desk = openOrderDesk({
    databaseUrl: config.databaseUrl,
    timeoutMs: config.databaseTimeoutMs,
    batchOrdersMax: config.batchOrdersMax,
    queueOrdersMax: config.queueOrdersMax,
    ids,
    settings,
    metrics,
    onCreated: orderMetrics.created,
    onChanged: orderMetrics.changed,
    onCommitted,
  });
  parts.add("order desk", desk.close);

  const reader = createOrderReader(database, metrics);
  parts.add("order reader", reader.drain);

  const { paymentWindowMs } = config;
  const server = await startRpcServer({
    host: config.host,
    port: config.port,
    services: [
      bindLomsService({
        desk,
        database,
        reader,
        feed,
        paymentWindowMs,
        durations,
        logger,
        sellsVouchers: voucherKey !== undefined,
        vouchers: voucherCalls({
          database,
          key: voucherKey,
          settle: (tx, order) => changeOrders(tx, [{ command: "settle", ...order }], settings),
          onCommitted,
          onAnswered: createValidationCounter(metrics),
        }),
      }),
      bindInventoryService({ database, ids }),
      bindMinizonLoms({ desk, database, paymentWindowMs, sellsVouchers: false }),
      bindBacklogService({
        client: kafka,
        outbox: database,
        consumers: config.consumesPayments
          ? [{ topic: paymentsTopic.name, group: paymentsGroup, consumer: () => consumer }]
          : [],
      }),
    ],
    logger,
    metrics,
    tracing,
    reflection: config.reflection,
    authorize: auth.authorize(minizonRules(config.minizonOpen)),
    tls: tls?.server,
  });
  parts.add("rpc server", () => server.stop(config.stopTimeoutMs));
  parts.add("order feed", feed.stop);
  let consumer: Consumer | undefined;
  parts.add("consumer", async () => consumer?.stop());

  async function becomeReady(): Promise<void> {
    const { signal } = starting;
    await migrate({
      url: config.databaseUrl,
      directory: new URL("../migrations/", import.meta.url),
      logger,
      signal,
    });
    signal.throwIfAborted();
    await database.transaction((tx) => pinDefinitions(tx, Object.values(workflows).flat()));
    signal.throwIfAborted();
    const timers = startTimerLoop({
      database,
      settings,
      tracing,
      everyMs: config.timersEveryMs,
      logger,
      onFired(result) {
        orderMetrics.timersFired(result);
        onCommitted();
      },
    });
    parts.add("timers", timers.stop);

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

  /** Orders are taken while Kafka is away: their events wait in the outbox. */
  async function publishEvents(): Promise<void> {
    await ensureTopics(kafka, [ordersTopic], starting.signal);
    relay = startRelay({
      databaseUrl: config.databaseUrl,
      producer,
      topic: ordersTopic.name,
      source: `ordermesh/${service}`,
      logger,
      metrics,
      tracing,
    });
  }

  /** Orders are taken, and paid with PayOrder, while there are no payments to hear of. */
  async function consumePayments(): Promise<void> {
    if (!config.consumesPayments) {
      return;
    }
    const deadLetters = { ...paymentsTopic, name: deadLetterTopic(paymentsTopic.name, paymentsGroup) };
    await ensureTopics(kafka, [paymentsTopic, deadLetters], starting.signal);
    starting.signal.throwIfAborted();
    consumer = startConsumer({
      client: kafka,
      group: paymentsGroup,
      topic: paymentsTopic.name,
      batchMax: 200,
      retry: { attemptsMax: 5, backoffBaseMs: 100, backoffMaxMs: 2_000 },
      metrics,
      handle: (records) => handlePaymentEvents({ database, settings, onChanged: onPaid }, records),
    });
  }

  const onPaid: Parameters<typeof handlePaymentEvents>[0]["onChanged"] = (change, outcome) => {
    orderMetrics.changed(change, outcome);
    onCommitted();
  };

  const ready = becomeReady();
  const exchanging = ready
    .then(publishEvents)
    .then(consumePayments)
    .catch((error) => {
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
