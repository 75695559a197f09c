import { create, type DescMessage, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { createKafkaClient } from "@ordermesh/kafka/client";
import { createProducer } from "@ordermesh/kafka/producer";
import { readToEnd } from "@ordermesh/kafka/read-to-end";
import { ensureTopics } from "@ordermesh/kafka/topics";
import { paymentChecks } from "@ordermesh/ordermesh/verify/payment-checks";
import {
  OrderAwaitingPaymentSchema,
  OrderPaidSchema,
  OrderRefundRequestedSchema,
} from "@ordermesh/proto/ordermesh/events/v1/order_events_pb";
import { PaymentRefundedSchema } from "@ordermesh/proto/ordermesh/events/v1/payment_events_pb";
import { RefundStatus } from "@ordermesh/proto/ordermesh/payments/v1/payment_pb";
import { PaymentsService, PayOutcome } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { freshDatabase } from "@ordermesh/testkit/fresh-database";
import { startOwnBroker } from "@ordermesh/testkit/own-broker";
import { testLogger } from "@ordermesh/testkit/test-logger";
import postgres from "postgres";
import { expect, onTestFinished, test } from "vitest";
import { faultRun } from "../harness/fault-run.ts";
import { openGrpcClient } from "../harness/grpc-client.ts";
import { startServiceProcess } from "../harness/service-process.ts";

/*
 * Orders ask for refunds; the provider has given the money back, and payments is killed with SIGKILL before it has
 * committed that. While it is down the requests come a second time, as events of their own. Each order must get its money
 * once, and hear of it.
 *
 * The moment is not left to chance: a lock on the outbox lets a refund begin, which writes no event, and holds up the
 * transaction that records what became of it, which does.
 */

const ordersPerRound = 3;
const totalMinor = 1_250n;
const run = faultRun("payments killed after the refund", { short: 1, whole: 2, long: 100 });

test("killed between refund and commit: each order gets its money back once", {
  timeout: run.timeoutMs(60_000),
}, async () => {
  const mesh = await startPaymentsAlone();
  const { sql, service } = mesh;
  let killsInTheWindow = 0;
  let slowestMs = 0;

  for (let round = 0; round < run.rounds; round += 1) {
    const orderIds = Array.from({ length: ordersPerRound }, (_, index) =>
      BigInt(1 + round * ordersPerRound + index),
    );
    await mesh.placeAndPay(orderIds);
    const asked = orderIds.map((orderId) => ({
      orderId,
      refundId: orderId + 1_000_000n,
      amountMinor: BigInt(run.random.integer(1, Number(totalMinor))),
    }));
    await sql.begin(async (tx) => {
      await tx`lock table outbox in share mode`;
      await mesh.askForRefunds(asked);
      await eventually(async () => expect(await mesh.blockedCommits()).toBe(ordersPerRound), { everyMs: 5 });
      await service.kill();
      // Its last words wait for our lock on the server: they die as well.
      await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'payments' and datname = current_database()`;
    });
    expect(await mesh.givenBack(asked)).toBe(ordersPerRound);
    killsInTheWindow += await mesh.pendingRefunds();

    await mesh.askForRefunds(asked);
    await service.restart();
    const startedAt = Date.now();
    await mesh.untilToldOf(asked);
    slowestMs = Math.max(slowestMs, Date.now() - startedAt);
    expect(await mesh.givenBack(asked)).toBe(ordersPerRound);
  }

  run.report({
    kills: run.rounds,
    "refunds that were not committed": killsInTheWindow,
    "ms until all was healed at most": slowestMs,
  });
  expect(killsInTheWindow).toBe(run.rounds * ordersPerRound);
  expect(slowestMs).toBeLessThan(60_000);
  await mesh.expectBooksInOrder();
});

interface AskedRefund {
  readonly orderId: bigint;
  readonly refundId: bigint;
  readonly amountMinor: bigint;
}

async function startPaymentsAlone() {
  const broker = await startOwnBroker();
  onTestFinished(broker.remove);
  const database = await freshDatabase();
  onTestFinished(database.drop);
  const kafka = createKafkaClient({ brokers: broker.brokers, clientId: "test", logger: testLogger() });
  const topic = { name: "orders.events.v1", partitions: 12 };
  await ensureTopics(kafka, [topic], AbortSignal.timeout(20_000));
  const producer = createProducer(kafka);
  onTestFinished(producer.close);
  const service = await startServiceProcess("payments", {
    KAFKA_BROKERS: broker.brokers.join(","),
    PAYMENTS_DATABASE_URL: database.url,
    PROVIDER_TIMEOUT_MS: "1000",
    PAYMENTS_RECOVERY_AFTER_MS: "2000",
  });
  onTestFinished(async () => void (await service.stop()));
  const sql = postgres(database.url, { max: 3, onnotice: () => {} });
  onTestFinished(() => sql.end());
  const { client: payments, close } = await openGrpcClient(PaymentsService, `127.0.0.1:${service.port}`);
  onTestFinished(close);

  let eventCount = 0;
  async function tell<Schema extends DescMessage>(
    schema: Schema,
    orderId: bigint,
    message: MessageInitShape<Schema>,
  ): Promise<void> {
    eventCount += 1;
    const headers = { ce_id: `test-${eventCount}`, ce_type: schema.typeName };
    const value = toBinary(schema, create(schema, message));
    await producer.publish(topic.name, [{ key: `${orderId}`, value, headers }]);
  }

  const snapshotOf = (orderId: bigint, version: number) => ({
    orderId,
    userId: 1n,
    version,
    total: { currencyCode: "EUR", amountMinor: totalMinor },
    paymentDueTime: timestampFromDate(new Date(Date.now() + 600_000)),
  });

  return {
    sql,
    service,
    async placeAndPay(orderIds: readonly bigint[]): Promise<void> {
      for (const orderId of orderIds) {
        await tell(OrderAwaitingPaymentSchema, orderId, { order: snapshotOf(orderId, 2) });
      }
      await eventually(() => Promise.all(orderIds.map((orderId) => payments.getPayment({ orderId }))), {
        timeoutMs: 30_000,
      });
      const expiryYear = new Date().getUTCFullYear() + 1;
      const card = { number: "4242424242424242", expiryMonth: 1, expiryYear, code: "123" };
      for (const orderId of orderIds) {
        const { paymentMethodToken } = await payments.createPaymentMethod({ userId: 1n, card });
        const idempotencyKey = `pay ${orderId}`;
        expect(await payments.pay({ orderId, paymentMethodToken, idempotencyKey })).toMatchObject({
          outcome: PayOutcome.CAPTURED,
        });
        await tell(OrderPaidSchema, orderId, { order: snapshotOf(orderId, 3) });
      }
      // Nothing but refunds shall meet our lock on the outbox.
      await eventually(async () => {
        expect(await sql`select from outbox`).toHaveLength(0);
        const told = await sql`select from payments where order_version = 3 and status = 'captured'
          and order_id = any(${orderIds.map(String)}::bigint[])`;
        expect(told).toHaveLength(orderIds.length);
      });
    },
    /** As events of their own each time. */
    async askForRefunds(asked: readonly AskedRefund[]): Promise<void> {
      for (const { orderId, refundId, amountMinor } of asked) {
        await tell(OrderRefundRequestedSchema, orderId, {
          order: snapshotOf(orderId, 4),
          refundId,
          amount: { currencyCode: "EUR", amountMinor },
        });
      }
    },
    /** Transactions of payments that wait for our lock. */
    async blockedCommits(): Promise<number> {
      const rows = await sql`select from pg_stat_activity where application_name = 'payments'
        and datname = current_database() and wait_event_type = 'Lock'`;
      return rows.length;
    },
    async pendingRefunds(): Promise<number> {
      return (await sql`select from refunds where status = 'pending'`).length;
    },
    /** Refunds of these orders in the provider's books, which must be of the amounts that were asked for. */
    async givenBack(asked: readonly AskedRefund[]): Promise<number> {
      const references = asked.map(({ orderId }) => `order/${orderId}`);
      const rows = await sql<{ reference: string; amount: string }[]>`
        select c.reference, r.amount_minor as amount from sandbox_refunds r
        join sandbox_captures c on c.key = r.capture_key where c.reference = any(${references})`;
      const wanted = new Map(asked.map(({ orderId, amountMinor }) => [`order/${orderId}`, `${amountMinor}`]));
      for (const { reference, amount } of rows) {
        expect(amount).toBe(wanted.get(reference));
      }
      return rows.length;
    },
    /** Waits for the answers that the orders get. */
    async untilToldOf(asked: readonly AskedRefund[]): Promise<void> {
      await eventually(
        async () => {
          const told = new Map<bigint, number>();
          await readToEnd({
            client: kafka,
            topic: "payments.events.v1",
            timeoutMs: 20_000,
            onRecords(records) {
              for (const { headers, value } of records) {
                if (headers.ce_type === PaymentRefundedSchema.typeName) {
                  const { refund } = fromBinary(PaymentRefundedSchema, value);
                  expect(refund?.status).toBe(RefundStatus.SUCCEEDED);
                  told.set(refund!.orderRefundId, (told.get(refund!.orderRefundId) ?? 0) + 1);
                }
              }
            },
          });
          expect(asked.map(({ refundId }) => told.get(refundId))).toEqual(asked.map(() => 1));
        },
        { timeoutMs: 60_000, everyMs: 200 },
      );
    },
    async expectBooksInOrder(): Promise<void> {
      for (const { claim, examined, violations } of paymentChecks(0)) {
        expect((await sql.unsafe(`select from ${examined}`)).length, claim).toBeGreaterThan(0);
        expect(await sql.unsafe(violations), claim).toEqual([]);
      }
    },
  };
}
