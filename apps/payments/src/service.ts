import { randomBytes } from "node:crypto";
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
import type { PaymentsConfig } from "./config.ts";
import { ordersGroup, ordersTopic } from "./events/incoming.ts";
import { paymentsTopic } from "./events/outgoing.ts";
import { handleOrderEvents } from "./handle-order-events.ts";
import { handleProviderEvent } from "./handle-provider-event.ts";
import type { PaymentDesk } from "./pay.ts";
import { createPaymentMetrics } from "./payment-metrics.ts";
import { createAskProvider } from "./provider/ask-provider.ts";
import { type RecoveryLoop, startRecoveryLoop } from "./recovery.ts";
import { bindPaymentsService } from "./rpc/payments-service.ts";
import { createWebhookPage } from "./rpc/webhook-page.ts";
import { openSandbox } from "./sandbox/sandbox.ts";

const service = "payments";
const version = "0.1.0";

export interface Payments extends Running {
  readonly address: { readonly host: string; readonly port: number };
  /** Resolves once the database is migrated and the loops run; rejects when that will never be. */
  readonly ready: Promise<void>;
}

/**
 * Starts the service: every socket, pool and loop that it has is named here, in the order of starting. The port opens
 * first, and the health check says NOT_SERVING until the database is migrated and orders' events are being consumed.
 */
export async function startPayments(config: PaymentsConfig): Promise<Payments> {
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
  const counters = createPaymentMetrics(metrics, database);

  const secret = config.webhookSecret ?? randomBytes(32).toString("hex");
  const sandbox = openSandbox({
    database: openDatabase({
      url: config.databaseUrl,
      applicationName: "sandbox provider",
      connectionsMax: 4,
      timeoutMs: config.databaseTimeoutMs,
    }),
    delayMs: config.sandboxDelayMs,
    secret,
    webhookUrl: config.sandboxWebhookUrl,
    logger,
  });
  parts.add("sandbox provider", sandbox.stop);

  const kafka = createKafkaClient({ brokers: config.kafkaBrokers, clientId: service, logger });
  const producer = createProducer(kafka);
  parts.add("producer", producer.close);
  let relay: Relay | undefined;
  parts.add("relay", async () => relay?.stop());
  let recovery: RecoveryLoop | undefined;

  const onChanged = (refundsBegun: number) => {
    relay?.wake();
    if (refundsBegun > 0) {
      recovery?.wake();
    }
  };
  const desk: PaymentDesk = {
    database,
    askProvider: createAskProvider({
      provider: sandbox.provider,
      timeoutMs: config.providerTimeoutMs,
      logger,
      onAnswered: counters.answered,
    }),
    checkAfterMs: config.recoveryAfterMs,
    onRecorded(recorded) {
      counters.recorded(recorded);
      onChanged(recorded.refundsBegun);
    },
  };
  const providerEvents = { database, secret, logger, onRecorded: desk.onRecorded };

  const server = await startRpcServer({
    host: config.host,
    port: config.port,
    services: [
      bindPaymentsService({ desk, providerEvents }),
      bindBacklogService({
        client: kafka,
        outbox: database,
        consumers: [{ topic: ordersTopic.name, group: ordersGroup, consumer: () => consumer }],
      }),
    ],
    pages: { "/webhooks/sandbox": createWebhookPage(providerEvents) },
    authorize: auth.authorize(),
    tls: tls?.server,
    logger,
    metrics,
    tracing,
    reflection: config.reflection,
  });
  parts.add("rpc server", () => server.stop(config.stopTimeoutMs));
  let consumer: Consumer | undefined;
  parts.add("consumer", async () => consumer?.stop());

  async function becomeReady(): Promise<void> {
    const { signal } = starting;
    const directory = new URL("../migrations/", import.meta.url);
    await migrate({ url: config.databaseUrl, directory, logger, signal });
    signal.throwIfAborted();
    sandbox.start(async (body, signature) => {
      await handleProviderEvent(providerEvents, body, signature, Date.now() / 1000);
    });
    recovery = startRecoveryLoop({ desk, everyMs: config.recoveryEveryMs, logger });
    parts.add("recovery", recovery.stop);

    const readiness = startReadiness({
      checks: {
        database: () => database.read(async (db) => void (await db.query("select 1"))),
        consumer: async () => checkConsuming(consumer),
      },
      timeoutMs: 2_000,
      onChange: (ready, reasons) => {
        server.setServing(ready, reasons);
        logger.info(ready ? {} : { reasons }, ready ? "ready" : "not ready");
      },
    });
    parts.add("readiness", readiness.stop);
  }

  /** Payments that are there can be made while Kafka is away; their events wait in the outbox. */
  async function exchangeEvents(): Promise<void> {
    const deadLetters = { ...ordersTopic, name: deadLetterTopic(ordersTopic.name, ordersGroup) };
    await ensureTopics(kafka, [paymentsTopic, ordersTopic, deadLetters], starting.signal);
    starting.signal.throwIfAborted();
    relay = startRelay({
      databaseUrl: config.databaseUrl,
      producer,
      topic: paymentsTopic.name,
      source: `ordermesh/${service}`,
      logger,
      metrics,
      tracing,
    });
    const onHandled = (result: Parameters<typeof counters.handled>[0]) => {
      counters.handled(result);
      onChanged(result.refundsBegun + result.orderRefundsBegun);
    };
    consumer = startConsumer({
      client: kafka,
      group: ordersGroup,
      topic: ordersTopic.name,
      batchMax: 500,
      retry: { attemptsMax: 5, backoffBaseMs: 100, backoffMaxMs: 2_000 },
      metrics,
      handle: (records) => handleOrderEvents({ database, onHandled }, records),
    });
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

async function checkConsuming(consumer: Consumer | undefined): Promise<void> {
  if (consumer?.isRunning() !== true) {
    throw new Error("not a member of its group: is Kafka up?");
  }
}
