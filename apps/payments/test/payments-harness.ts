import { type Client, createClient } from "@connectrpc/connect";
import { createKafkaClient, type KafkaClient } from "@ordermesh/kafka/client";
import { createProducer } from "@ordermesh/kafka/producer";
import { readToEnd } from "@ordermesh/kafka/read-to-end";
import type { IncomingRecord } from "@ordermesh/kafka/record";
import { ensureTopics } from "@ordermesh/kafka/topics";
import type { Payment } from "@ordermesh/proto/ordermesh/payments/v1/payment_pb";
import { PaymentsService } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { createGrpcTransport } from "@ordermesh/rpc/client";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing } from "@ordermesh/telemetry/tracing";
import { eventually } from "@ordermesh/testkit/eventually";
import { freshDatabase } from "@ordermesh/testkit/fresh-database";
import { startOwnBroker } from "@ordermesh/testkit/own-broker";
import { testLogger } from "@ordermesh/testkit/test-logger";
import postgres from "postgres";
import type { PaymentsConfig } from "../src/config.ts";
import { ordersTopic } from "../src/events/incoming.ts";
import { paymentsTopic } from "../src/events/outgoing.ts";
import { startPayments } from "../src/service.ts";
import { type OrderEventInput, orderRecord } from "./order-records.ts";

export const webhookSecret = "a secret that only tests and the sandbox know";

/** A payment service with a database and a broker of one test file's own. */
export interface PaymentsHarness {
  readonly client: Client<typeof PaymentsService>;
  readonly address: string;
  readonly kafka: KafkaClient;
  readonly databaseUrl: string;
  /** Straight to the database, for what no call shows. */
  readonly sql: postgres.Sql<{ bigint: bigint }>;
  /** Publishes events of orders, as the order service would. */
  publish(...events: OrderEventInput[]): Promise<void>;
  /** An order that awaits payment, once its payment is there. @returns its id. */
  order(input?: Partial<OrderEventInput>): Promise<bigint>;
  /** A token for a test card. */
  token(number: string, userId?: bigint): Promise<string>;
  pay(
    orderId: bigint,
    number?: string,
    key?: string,
  ): Promise<Awaited<ReturnType<Client<typeof PaymentsService>["pay"]>>>;
  payment(orderId: bigint): Promise<Payment>;
  /** Waits until the payment is as expected. */
  settled(orderId: bigint, check: (payment: Payment) => void): Promise<Payment>;
  /** What the provider's own books say about an order. */
  ledger(orderId: bigint): Promise<{ captured: bigint; captures: number; refunded: bigint }>;
  /** Types of the events about an order, once there are as many. */
  events(orderId: bigint, count: number): Promise<string[]>;
  records(): Promise<IncomingRecord[]>;
  stop(): Promise<void>;
}

export function testConfig(databaseUrl: string, kafkaBrokers: readonly string[]): PaymentsConfig {
  return {
    host: "127.0.0.1",
    port: 0,
    databaseUrl,
    databaseConnectionsMax: 12,
    databaseTimeoutMs: 5_000,
    kafkaBrokers,
    auth: undefined,
    tls: undefined,
    webhookSecret,
    sandboxWebhookUrl: undefined,
    sandboxDelayMs: 200,
    providerTimeoutMs: 500,
    recoveryAfterMs: 1_000,
    recoveryEveryMs: 50,
    stopTimeoutMs: 5_000,
    reflection: true,
    logLevel: "error",
    logFormat: "readable",
    otlpEndpoint: undefined,
    traceSampleRatio: 1,
  };
}

let orderCount = 0n;
let keyCount = 0;

export async function startPaymentsHarness(changes: Partial<PaymentsConfig> = {}): Promise<PaymentsHarness> {
  const database = await freshDatabase({ migrations: new URL("../migrations/", import.meta.url) });
  const broker = await startOwnBroker();
  const kafka = createKafkaClient({ brokers: broker.brokers, clientId: "test", logger: testLogger() });
  await ensureTopics(kafka, [ordersTopic], AbortSignal.timeout(20_000));
  const producer = createProducer(kafka);
  const sql = postgres(database.url, { max: 4, onnotice: () => {}, types: { bigint: postgres.BigInt } });
  const service = await startPayments({ ...testConfig(database.url, broker.brokers), ...changes });
  const address = `127.0.0.1:${service.address.port}`;
  const { transport, close } = createGrpcTransport({
    address,
    services: [PaymentsService],
    metrics: createMetrics({ service: "test", version: "0" }),
    tracing: await startTracing({ service: "test", version: "0", endpoint: undefined, sampleRatio: 1 }),
    defaultTimeoutMs: 10_000,
  });
  const client = createClient(PaymentsService, transport);
  await service.ready;
  await eventually(async () => {
    const response = await fetch(`http://${address}/readyz`);
    if (response.status !== 200) {
      throw new Error(await response.text());
    }
  });

  async function payment(orderId: bigint): Promise<Payment> {
    const { payment: found } = await client.getPayment({ orderId });
    return found!;
  }

  async function records(): Promise<IncomingRecord[]> {
    const found: IncomingRecord[] = [];
    await readToEnd({
      client: kafka,
      topic: paymentsTopic.name,
      timeoutMs: 20_000,
      onRecords: (read) => void found.push(...read),
    });
    return found;
  }

  const harness: PaymentsHarness = {
    client,
    address,
    kafka,
    databaseUrl: database.url,
    sql,
    payment,
    records,
    publish: (...events) => producer.publish(ordersTopic.name, events.map(orderRecord)),
    async order(input = {}) {
      orderCount += 1n;
      const orderId = input.orderId ?? orderCount;
      await harness.publish({ kind: "awaiting_payment", orderId, ...input });
      await eventually(() => payment(orderId));
      return orderId;
    },
    async token(number, userId = 1n) {
      const { paymentMethodToken } = await client.createPaymentMethod({
        userId,
        card: { number, expiryMonth: 12, expiryYear: new Date().getUTCFullYear() + 1, code: "123" },
      });
      return paymentMethodToken;
    },
    async pay(orderId, number = "4242424242424242", key) {
      keyCount += 1;
      const { userId } = await payment(orderId);
      const paymentMethodToken = await harness.token(number, userId);
      return await client.pay({ orderId, paymentMethodToken, idempotencyKey: key ?? `key ${keyCount}` });
    },
    settled: (orderId, check) =>
      eventually(async () => {
        const found = await payment(orderId);
        check(found);
        return found;
      }),
    async ledger(orderId) {
      const [row] = await sql<{ captured: bigint; captures: number; refunded: bigint }[]>`
        select coalesce(sum(amount_minor), 0)::bigint as captured, count(*)::int as captures,
          coalesce((select sum(r.amount_minor) from sandbox_refunds r join sandbox_captures c on c.key = r.capture_key
            where c.reference = ${`order/${orderId}`}), 0)::bigint as refunded
        from sandbox_captures where state = 'captured' and reference = ${`order/${orderId}`}`;
      return row!;
    },
    events: (orderId, count) =>
      eventually(async () => {
        const types = (await records())
          .filter(({ key }) => key === `${orderId}`)
          .map(({ headers }) => headers.ce_type?.split(".").at(-1) ?? "");
        if (types.length < count) {
          throw new Error(`There are ${types.length} of ${count} events: ${types.join(", ")}.`);
        }
        return types;
      }),
    async stop() {
      close();
      await service.stop();
      await producer.close();
      await sql.end({ timeout: 5 });
      await broker.remove();
      await database.drop();
    },
  };
  return harness;
}
