import { randomBytes } from "node:crypto";
import type { Client } from "@connectrpc/connect";
import { startLoms } from "@ordermesh/app-loms/service";
import type { SendTextMessage } from "@ordermesh/app-notifications/channels/text-message-provider";
import type { NotificationsConfig } from "@ordermesh/app-notifications/config";
import { startNotifications } from "@ordermesh/app-notifications/service";
import type { PaymentsConfig } from "@ordermesh/app-payments/config";
import { startPayments } from "@ordermesh/app-payments/service";
import type { VerifyTargets } from "@ordermesh/ordermesh/verify/run-verify";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { NotificationsService } from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { PaymentsService } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { type FreshDatabase, freshDatabase } from "@ordermesh/testkit/fresh-database";
import { startOwnBroker } from "@ordermesh/testkit/own-broker";
import postgres from "postgres";
import { openGrpcClient } from "../harness/grpc-client.ts";
import { lomsDefaults } from "../harness/loms-replicas.ts";

/** Orders, payments and notifications in this process, which meet over Kafka alone. */
export interface MoneyMesh {
  readonly orders: Client<typeof LomsService>;
  readonly payments: Client<typeof PaymentsService>;
  readonly notifications: Client<typeof NotificationsService>;
  readonly lomsSql: postgres.Sql;
  readonly paymentsSql: postgres.Sql;
  readonly databases: { readonly loms: FreshDatabase; readonly payments: FreshDatabase };
  readonly brokers: readonly string[];
  readonly verifyTargets: VerifyTargets;
  /** Pays with a test card; 4242 4242 4242 4242 unless told. Waits for the order's payment first. */
  pay(
    orderId: bigint,
    number?: string,
    key?: string,
  ): Promise<Awaited<ReturnType<Client<typeof PaymentsService>["pay"]>>>;
  /** Stops everything but the broker, so that the databases can be copied. */
  quiesce(): Promise<void>;
  stop(): Promise<void>;
}

const common = {
  host: "127.0.0.1",
  port: 0,
  databaseConnectionsMax: 8,
  databaseTimeoutMs: 10_000,
  auth: undefined,
  tls: undefined,
  stopTimeoutMs: 5_000,
  reflection: false,
  logLevel: "error",
  logFormat: "readable",
  otlpEndpoint: undefined,
  traceSampleRatio: 1,
} as const;

const paymentsDefaults: Omit<PaymentsConfig, "databaseUrl" | "kafkaBrokers"> = {
  ...common,
  webhookSecret: undefined,
  sandboxWebhookUrl: undefined,
  sandboxDelayMs: 4_500,
  providerTimeoutMs: 500,
  // Longer than the card that needs time: what is pending for an order that has ended would else be ended as well.
  recoveryAfterMs: 8_000,
  recoveryEveryMs: 100,
};

const notificationsDefaults: Omit<NotificationsConfig, "databaseUrl" | "kafkaBrokers" | "voucherSecret"> = {
  ...common,
  smtp: undefined,
  webhookAllowPrivate: false,
  webhookAllowHttp: false,
  webhookTimeoutMs: 2_000,
  deliveryBackoffBaseMs: 10,
};

/** @param sendTextMessage gets the text messages. */
export async function startMoneyMesh(sendTextMessage: SendTextMessage = async () => {}): Promise<MoneyMesh> {
  const broker = await startOwnBroker();
  const kafkaBrokers = broker.brokers;
  const [loms, payments, notifications] = await Promise.all([
    freshDatabase(),
    freshDatabase(),
    freshDatabase(),
  ]);
  const voucherSecret = randomBytes(32);
  const services = await Promise.all([
    startLoms({
      ...lomsDefaults,
      consumesPayments: true,
      voucherSecret,
      databaseUrl: loms.url,
      kafkaBrokers,
    }),
    startPayments({ ...paymentsDefaults, databaseUrl: payments.url, kafkaBrokers }),
    startNotifications(
      { ...notificationsDefaults, voucherSecret, databaseUrl: notifications.url, kafkaBrokers },
      { sendTextMessage },
    ),
  ]);
  await Promise.all(services.map(({ ready }) => ready));
  const [lomsService, paymentsService, notificationsService] = services;
  const clients = {
    orders: await openGrpcClient(LomsService, `127.0.0.1:${lomsService.address.port}`),
    payments: await openGrpcClient(PaymentsService, `127.0.0.1:${paymentsService.address.port}`),
    notifications: await openGrpcClient(
      NotificationsService,
      `127.0.0.1:${notificationsService.address.port}`,
    ),
  };
  const open = ({ url }: FreshDatabase) => postgres(url, { max: 2, onnotice: () => {} });
  const [lomsSql, paymentsSql] = [open(loms), open(payments)];
  const orders = clients.orders.client;
  await orders.receiveStock({
    idempotencyKey: "receive",
    receipts: [1, 2].map((sku) => ({ sku, warehouseId: 220n, quantity: 1_000 })),
  });

  async function quiesce(): Promise<void> {
    for (const { close } of Object.values(clients)) {
      close();
    }
    await Promise.all(services.map((service) => service.stop()));
    await Promise.all([lomsSql.end(), paymentsSql.end()]);
  }

  return {
    orders,
    payments: clients.payments.client,
    notifications: clients.notifications.client,
    lomsSql,
    paymentsSql,
    databases: { loms, payments },
    brokers: kafkaBrokers,
    verifyTargets: {
      lomsDatabaseUrl: loms.url,
      paymentsDatabaseUrl: payments.url,
      notificationsDatabaseUrl: notifications.url,
      paymentsSettleSeconds: 0,
      kafkaBrokers,
    },
    async pay(orderId, number = "4242424242424242", key = "") {
      const { client } = clients.payments;
      await eventually(() => client.getPayment({ orderId }), { timeoutMs: 30_000 });
      const expiryYear = new Date().getUTCFullYear() + 1;
      const card = { number, expiryMonth: 1, expiryYear, code: "123" };
      const { paymentMethodToken } = await client.createPaymentMethod({ userId: 1n, card });
      return await client.pay({ orderId, paymentMethodToken, idempotencyKey: `${orderId} ${key}` });
    },
    quiesce,
    async stop() {
      await quiesce();
      await Promise.all([loms.drop(), payments.drop(), notifications.drop()]);
      await broker.remove();
    },
  };
}

/**
 * Does something with a damaged copy of a database, so that one damage does not hide another. Nobody may be connected to
 * the database.
 */
export async function withDamagedCopy<Result>(
  database: FreshDatabase,
  damage: string,
  work: (url: string) => Promise<Result>,
): Promise<Result> {
  const url = new URL(database.url);
  const copy = `copy_${randomBytes(6).toString("hex")}`;
  const serverUrl = new URL(database.url);
  serverUrl.pathname = "/postgres";
  const server = postgres(serverUrl.href, { max: 1, onnotice: () => {} });
  await server.unsafe(`create database ${copy} template ${url.pathname.slice(1)}`);
  url.pathname = `/${copy}`;
  const sql = postgres(url.href, { max: 1, onnotice: () => {} });
  try {
    await sql.unsafe(damage);
    return await work(url.href);
  } finally {
    await sql.end();
    await server.unsafe(`drop database ${copy} with (force)`);
    await server.end();
  }
}
