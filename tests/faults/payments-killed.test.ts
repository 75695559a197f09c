import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { PaymentStatus, RefundReason } from "@ordermesh/proto/ordermesh/payments/v1/payment_pb";
import { PaymentsService, PayOutcome } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { freshDatabase } from "@ordermesh/testkit/fresh-database";
import { startOwnBroker } from "@ordermesh/testkit/own-broker";
import postgres from "postgres";
import { expect, onTestFinished, test } from "vitest";
import { faultRun } from "../harness/fault-run.ts";
import { openGrpcClient } from "../harness/grpc-client.ts";
import { startServiceProcess } from "../harness/service-process.ts";
import { expectVerifyClean } from "../harness/verify-clean.ts";

/*
 * F04: the provider has captured, and payments is killed with SIGKILL before it has committed that. The money must be
 * found again: one capture for each order, within a minute. Some of the orders are canceled while payments is down: their
 * money goes back.
 *
 * The moment is not left to chance: a lock on the outbox lets an attempt begin, which writes no event, and holds up the
 * transaction that records the capture, which does.
 */

const ordersPerRound = 3;
const amountMinor = 1_250n;
const run = faultRun("payments killed after the capture", { short: 1, whole: 2, long: 100 });

test("killed between capture and commit: one capture for each order, found again within a minute", {
  timeout: run.timeoutMs(60_000),
}, async () => {
  const mesh = await startLomsAndPayments();
  const { orders, payments, sql, service } = mesh;
  let killsInTheWindow = 0;
  let refunds = 0;
  let slowestMs = 0;

  for (let round = 0; round < run.rounds; round += 1) {
    const orderIds = await placeOrders(mesh, round);
    const requests = await Promise.all(
      orderIds.map(async (orderId) => ({
        orderId,
        paymentMethodToken: await mesh.token(),
        idempotencyKey: `pay ${orderId}`,
      })),
    );
    const answers = await sql.begin(async (tx) => {
      await tx`lock table outbox in share mode`;
      const paying = Promise.allSettled(requests.map((request) => payments.pay(request)));
      await eventually(async () => expect(await mesh.blockedCommits()).toBe(ordersPerRound), { everyMs: 5 });
      expect(await mesh.captures(orderIds)).toBe(ordersPerRound);
      await service.kill();
      // Its last words, insert and commit, wait for our lock on the server: they die as well.
      await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'payments' and datname = current_database()`;
      return await paying;
    });
    expect(answers.map(({ status }) => status)).toEqual(requests.map(() => "rejected"));
    const open =
      await sql`select from payments where status = 'processing' and order_id = any(${orderIds.map(String)}::bigint[])`;
    expect(open).toHaveLength(ordersPerRound);
    killsInTheWindow += open.length;

    const unwanted = orderIds.filter(() => run.random.next() < 0.3);
    await Promise.all(unwanted.map((orderId) => orders.cancelOrder({ orderId })));
    await service.restart();
    const startedAt = Date.now();
    for (const request of requests) {
      const isUnwanted = unwanted.includes(request.orderId);
      await mesh.untilHealed(request.orderId, isUnwanted);
      refunds += isUnwanted ? 1 : 0;
      // The buyer's retry gets the first try's result.
      expect(await payments.pay(request)).toMatchObject({ outcome: PayOutcome.CAPTURED, replayed: true });
    }
    slowestMs = Math.max(slowestMs, Date.now() - startedAt);
    expect(await mesh.captures(orderIds)).toBe(ordersPerRound);
  }

  run.report({
    kills: run.rounds,
    "captures that were not committed": killsInTheWindow,
    "refunds of canceled orders": refunds,
    "ms until all was healed at most": slowestMs,
  });
  expect(killsInTheWindow).toBe(run.rounds * ordersPerRound);
  expect(slowestMs).toBeLessThan(60_000);
  await mesh.expectVerifyClean();
});

async function startLomsAndPayments() {
  const broker = await startOwnBroker();
  onTestFinished(broker.remove);
  const [lomsDatabase, paymentsDatabase] = await Promise.all([freshDatabase(), freshDatabase()]);
  onTestFinished(async () => void (await Promise.all([lomsDatabase.drop(), paymentsDatabase.drop()])));
  const environment = { KAFKA_BROKERS: broker.brokers.join(","), AUTH: "off" };
  const loms = await startServiceProcess("loms", { ...environment, LOMS_DATABASE_URL: lomsDatabase.url });
  onTestFinished(async () => void (await loms.stop()));
  const service = await startServiceProcess("payments", {
    ...environment,
    PAYMENTS_DATABASE_URL: paymentsDatabase.url,
    PROVIDER_TIMEOUT_MS: "1000",
    PAYMENTS_RECOVERY_AFTER_MS: "2000",
  });
  onTestFinished(async () => void (await service.stop()));
  const sql = postgres(paymentsDatabase.url, { max: 3, onnotice: () => {} });
  onTestFinished(() => sql.end());
  const { client: orders, close } = await openGrpcClient(LomsService, `127.0.0.1:${loms.port}`);
  onTestFinished(close);
  const opened = await openGrpcClient(PaymentsService, `127.0.0.1:${service.port}`);
  onTestFinished(opened.close);
  const payments = opened.client;
  await orders.receiveStock({
    idempotencyKey: "receive",
    receipts: [{ sku: 1, warehouseId: 220n, quantity: 1_000_000 }],
  });

  return {
    orders,
    payments,
    service,
    sql,
    async token(): Promise<string> {
      const expiryYear = new Date().getUTCFullYear() + 1;
      const card = { number: "4242424242424242", expiryMonth: 1, expiryYear, code: "123" };
      return (await payments.createPaymentMethod({ userId: 1n, card })).paymentMethodToken;
    },
    /** Transactions of payments that wait for our lock. */
    async blockedCommits(): Promise<number> {
      const rows = await sql`select from pg_stat_activity where application_name = 'payments'
        and datname = current_database() and wait_event_type = 'Lock'`;
      return rows.length;
    },
    async captures(orderIds: readonly bigint[]): Promise<number> {
      const references = orderIds.map((orderId) => `order/${orderId}`);
      const rows =
        await sql`select from sandbox_captures where state = 'captured' and reference = any(${references})`;
      return rows.length;
    },
    untilHealed: (orderId: bigint, isUnwanted: boolean) =>
      eventually(
        async () => {
          const { payment } = await payments.getPayment({ orderId });
          const { order } = await orders.getOrder({ orderId });
          expect(payment?.status).toBe(isUnwanted ? PaymentStatus.REFUNDED : PaymentStatus.CAPTURED);
          expect(order?.status).toBe(isUnwanted ? OrderStatus.CANCELED : OrderStatus.PAID);
          expect(payment?.refunds.map(({ reason }) => reason)).toEqual(
            isUnwanted ? [RefundReason.ORDER_CANCELED] : [],
          );
        },
        { timeoutMs: 60_000 },
      ),
    expectVerifyClean: () =>
      expectVerifyClean({
        lomsDatabaseUrl: lomsDatabase.url,
        paymentsDatabaseUrl: paymentsDatabase.url,
        paymentsSettleSeconds: 0,
        kafkaBrokers: broker.brokers,
      }),
  };
}

type Mesh = Awaited<ReturnType<typeof startLomsAndPayments>>;

/** Orders that await payment, once their payments are there. */
async function placeOrders({ orders, payments }: Mesh, round: number): Promise<bigint[]> {
  const placed = await Promise.all(
    Array.from({ length: ordersPerRound }, (_, index) =>
      orders.createOrder({
        userId: 1n,
        idempotencyKey: `round ${round}, order ${index}`,
        lines: [{ sku: 1, quantity: 1, unitPrice: { currencyCode: "EUR", amountMinor } }],
      }),
    ),
  );
  const orderIds = placed.map(({ orderId }) => orderId);
  await eventually(() => Promise.all(orderIds.map((orderId) => payments.getPayment({ orderId }))), {
    timeoutMs: 30_000,
  });
  return orderIds;
}
