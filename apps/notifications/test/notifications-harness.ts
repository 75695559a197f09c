import { type Client, createClient } from "@connectrpc/connect";
import { createKafkaClient, type KafkaClient } from "@ordermesh/kafka/client";
import { createProducer, type Producer } from "@ordermesh/kafka/producer";
import { readToEnd } from "@ordermesh/kafka/read-to-end";
import type { IncomingRecord } from "@ordermesh/kafka/record";
import { deadLetterTopic, ensureTopics } from "@ordermesh/kafka/topics";
import {
  type Notification,
  NotificationsService,
} from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { createGrpcTransport } from "@ordermesh/rpc/client";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing } from "@ordermesh/telemetry/tracing";
import { eventually } from "@ordermesh/testkit/eventually";
import { type FreshDatabase, freshDatabase } from "@ordermesh/testkit/fresh-database";
import { type OwnBroker, startOwnBroker } from "@ordermesh/testkit/own-broker";
import { testLogger } from "@ordermesh/testkit/test-logger";
import postgres from "postgres";
import type { NotificationsConfig } from "../src/config.ts";
import { ordersGroup, ordersTopic } from "../src/events/incoming.ts";
import { type Notifications, startNotifications } from "../src/service.ts";

/** A database and a broker of one test file's own, and services on them. */
export interface NotificationsHarness {
  readonly database: FreshDatabase;
  readonly broker: OwnBroker;
  readonly kafka: KafkaClient;
  readonly producer: Producer;
  /** Straight to the database, for what no call shows. */
  readonly sql: postgres.Sql;
  startService(
    changes?: Partial<NotificationsConfig>,
    providers?: Parameters<typeof startNotifications>[1],
  ): Promise<ServiceUnderTest>;
  deadLetters(): Promise<IncomingRecord[]>;
  close(): Promise<void>;
}

export interface ServiceUnderTest {
  readonly service: Notifications;
  readonly client: Client<typeof NotificationsService>;
  readonly address: string;
  /** Text of /metrics. */
  metrics(): Promise<string>;
  stop(): Promise<void>;
}

export function testConfig(databaseUrl: string, kafkaBrokers: readonly string[]): NotificationsConfig {
  return {
    host: "127.0.0.1",
    port: 0,
    databaseUrl,
    databaseConnectionsMax: 8,
    databaseTimeoutMs: 5_000,
    kafkaBrokers,
    smtp: undefined,
    webhookAllowPrivate: false,
    webhookAllowHttp: false,
    webhookTimeoutMs: 2_000,
    deliveryBackoffBaseMs: 10,
    voucherSecret: undefined,
    auth: undefined,
    tls: undefined,
    stopTimeoutMs: 5_000,
    reflection: true,
    logLevel: "error",
    logFormat: "readable",
    otlpEndpoint: undefined,
    traceSampleRatio: 1,
  };
}

export async function createNotificationsHarness(): Promise<NotificationsHarness> {
  const database = await freshDatabase({ migrations: new URL("../migrations/", import.meta.url) });
  const broker = await startOwnBroker();
  const kafka = createKafkaClient({
    brokers: broker.brokers,
    clientId: "notifications-test",
    logger: testLogger(),
  });
  await ensureTopics(kafka, [ordersTopic], AbortSignal.timeout(20_000));
  const producer = createProducer(kafka);
  const sql = postgres(database.url, { max: 4, onnotice: () => {} });
  const running = new Set<ServiceUnderTest>();

  return {
    database,
    broker,
    kafka,
    producer,
    sql,
    async startService(changes = {}, providers = {}) {
      const config = { ...testConfig(database.url, broker.brokers), ...changes };
      const service = await startNotifications(config, providers);
      const address = `127.0.0.1:${service.address.port}`;
      const { transport, close } = createGrpcTransport({
        address,
        services: [NotificationsService],
        metrics: createMetrics({ service: "test", version: "0" }),
        tracing: await startTracing({ service: "test", version: "0", endpoint: undefined, sampleRatio: 1 }),
        defaultTimeoutMs: 10_000,
      });
      const started: ServiceUnderTest = {
        service,
        client: createClient(NotificationsService, transport),
        address,
        metrics: async () => await (await fetch(`http://${address}/metrics`)).text(),
        async stop() {
          if (running.delete(started)) {
            close();
            await service.stop();
          }
        },
      };
      running.add(started);
      await service.ready;
      await eventually(async () => {
        const response = await fetch(`http://${address}/readyz`);
        if (response.status !== 200) {
          throw new Error(await response.text());
        }
      });
      return started;
    },
    async deadLetters() {
      const records: IncomingRecord[] = [];
      await readToEnd({
        client: kafka,
        topic: deadLetterTopic(ordersTopic.name, ordersGroup),
        timeoutMs: 20_000,
        onRecords: (read) => {
          records.push(...read);
        },
      });
      return records;
    },
    async close() {
      await Promise.all([...running].map((started) => started.stop()));
      await producer.close();
      await sql.end({ timeout: 5 });
      await broker.remove();
      await database.drop();
    },
  };
}

/** A user's notifications, oldest first, once there are as many as wanted. */
export async function notificationsOf(
  client: Client<typeof NotificationsService>,
  userId: bigint,
  count: number,
): Promise<Notification[]> {
  return await eventually(async () => {
    const { notifications } = await client.listNotifications({ userId, pageSize: 500 });
    if (notifications.length < count) {
      throw new Error(`There are ${notifications.length} of ${count} notifications.`);
    }
    return notifications.reverse();
  });
}
