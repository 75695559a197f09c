import { openAuth } from "@ordermesh/auth/auth";
import { loadTls } from "@ordermesh/auth/tls";
import { bindBacklogService } from "@ordermesh/backlog/backlog-service";
import { createKafkaClient } from "@ordermesh/kafka/client";
import { type Consumer, startConsumer } from "@ordermesh/kafka/consumer";
import { deadLetterTopic, ensureTopics } from "@ordermesh/kafka/topics";
import { openDatabase } from "@ordermesh/postgres/database";
import { migrate } from "@ordermesh/postgres/migrate";
import type { Running } from "@ordermesh/process/run-until-signal";
import { createStopList } from "@ordermesh/process/stop-in-order";
import { startReadiness } from "@ordermesh/rpc/readiness";
import { startRpcServer } from "@ordermesh/rpc/server";
import { createVoucherCodeSealer } from "@ordermesh/sealing/voucher-code-sealer";
import { createLogger } from "@ordermesh/telemetry/logger";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing } from "@ordermesh/telemetry/tracing";
import { logTextMessages, type SendTextMessage } from "./channels/text-message-provider.ts";
import type { NotificationsConfig } from "./config.ts";
import { openDeliveryChannels } from "./delivery-channels.ts";
import { ordersGroup, ordersTopic } from "./events/incoming.ts";
import { handleEvents } from "./handle-events.ts";
import { startNotificationFeed } from "./notification-feed.ts";
import { createNotificationMetrics } from "./notification-metrics.ts";
import { bindNotificationsService } from "./rpc/notifications-service.ts";

const service = "notifications";
const version = "0.1.0";

export interface Notifications extends Running {
  readonly address: { readonly host: string; readonly port: number };
  /** Resolves once the database is migrated and the loops run; rejects when that will never be. */
  readonly ready: Promise<void>;
}

/**
 * Starts the service: every socket, pool and loop that it has is named here, in the order of starting. The port opens
 * first, and the health check says NOT_SERVING until the database is migrated and events are being consumed.
 *
 * @param providers.sendTextMessage whoever sends text messages; without one they are only logged, without their codes.
 * @throws Failure when the port is taken or the mail server's address is none.
 */
export async function startNotifications(
  config: NotificationsConfig,
  providers: { readonly sendTextMessage?: SendTextMessage } = {},
): Promise<Notifications> {
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

  const counters = createNotificationMetrics(metrics);
  const webhookRules = { allowPrivate: config.webhookAllowPrivate, allowHttp: config.webhookAllowHttp };
  const deliveries = openDeliveryChannels({
    database,
    tracing,
    logger,
    smtp: config.smtp,
    webhookRules,
    webhookTimeoutMs: config.webhookTimeoutMs,
    sendTextMessage: providers.sendTextMessage ?? logTextMessages(logger),
    sealer: config.voucherSecret && createVoucherCodeSealer(config.voucherSecret),
    backoffBaseMs: config.deliveryBackoffBaseMs,
    onSettled: counters.settled,
  });
  const feed = startNotificationFeed({ database, logger });
  const kafka = createKafkaClient({ brokers: config.kafkaBrokers, clientId: service, logger });

  const server = await startRpcServer({
    host: config.host,
    port: config.port,
    services: [
      bindNotificationsService({ database, feed, webhookRules, wakeDeliveries: deliveries.wake }),
      bindBacklogService({
        client: kafka,
        outbox: undefined,
        consumers: [{ topic: ordersTopic.name, group: ordersGroup, consumer: () => consumer }],
      }),
    ],
    logger,
    metrics,
    tracing,
    reflection: config.reflection,
    authorize: auth.authorize(),
    tls: tls?.server,
  });
  parts.add("rpc server", () => server.stop(config.stopTimeoutMs));
  parts.add("notification feed", feed.stop);

  let consumer: Consumer | undefined;
  parts.add("consumer", async () => consumer?.stop());

  async function becomeReady(): Promise<void> {
    const { signal } = starting;
    const directory = new URL("../migrations/", import.meta.url);
    await migrate({ url: config.databaseUrl, directory, logger, signal });
    signal.throwIfAborted();
    deliveries.startLoops(parts);

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

  /** Lists, streams and deliveries work while Kafka is away. */
  async function consumeEvents(): Promise<void> {
    const deadLetters = { ...ordersTopic, name: deadLetterTopic(ordersTopic.name, ordersGroup) };
    await ensureTopics(kafka, [ordersTopic, deadLetters], starting.signal);
    starting.signal.throwIfAborted();
    const channels = deliveries.channels;
    consumer = startConsumer({
      client: kafka,
      group: ordersGroup,
      topic: ordersTopic.name,
      batchMax: 500,
      retry: { attemptsMax: 5, backoffBaseMs: 100, backoffMaxMs: 2_000 },
      metrics,
      handle: (records) => handleEvents({ database, tracing, channels, onHandled }, records),
    });
  }

  const onHandled = (result: Parameters<typeof counters.handled>[0]) => {
    counters.handled(result);
    deliveries.wake(result.queuedChannels);
    feed.wake();
  };

  const ready = becomeReady();
  const consuming = ready.then(consumeEvents).catch((error) => {
    if (!starting.signal.aborted) {
      logger.error({ err: error }, "events can not be consumed");
    }
  });
  return {
    address: server.address,
    ready,
    async stop() {
      starting.abort();
      await consuming;
      await parts.stopAll();
    },
  };
}

async function checkConsuming(consumer: Consumer | undefined): Promise<void> {
  if (consumer?.isRunning() !== true) {
    throw new Error("not a member of its group: is Kafka up?");
  }
}
