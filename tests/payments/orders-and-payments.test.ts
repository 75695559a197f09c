import { createKafkaClient } from "@ordermesh/kafka/client";
import { createProducer } from "@ordermesh/kafka/producer";
import { readToEnd } from "@ordermesh/kafka/read-to-end";
import type { IncomingRecord } from "@ordermesh/kafka/record";
import { runVerify } from "@ordermesh/ordermesh/verify/run-verify";
import { CancelReason, OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import {
  PaymentCancelReason,
  PaymentStatus,
  RefundReason,
} from "@ordermesh/proto/ordermesh/payments/v1/payment_pb";
import { PayOutcome } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { testLogger } from "@ordermesh/testkit/test-logger";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectVerifyClean } from "../harness/verify-clean.ts";
import { type MoneyMesh, startMoneyMesh, withDamagedCopy } from "./money-mesh.ts";

/* Orders and payments tell each other what happened, over Kafka alone. */

let mesh: MoneyMesh;
let orders: MoneyMesh["orders"];
let payments: MoneyMesh["payments"];
let pay: MoneyMesh["pay"];
beforeAll(async () => {
  mesh = await startMoneyMesh();
  ({ orders, payments, pay } = mesh);
});
afterAll(() => mesh.stop());

let placed = 0;

/** An order of 25.98 EUR that has its payment. */
async function place(options: { windowSeconds?: number; amountMinor?: bigint } = {}): Promise<bigint> {
  placed += 1;
  const { windowSeconds, amountMinor = 1_299n } = options;
  const { orderId } = await orders.createOrder({
    userId: 1n,
    idempotencyKey: `order ${placed}`,
    lines: [{ sku: 1, quantity: 2, unitPrice: { currencyCode: "EUR", amountMinor } }],
    ...(windowSeconds !== undefined && { paymentWindow: { seconds: BigInt(windowSeconds) } }),
  });
  await eventually(() => payments.getPayment({ orderId }), { timeoutMs: 30_000 });
  return orderId;
}

async function until(orderId: bigint, orderStatus: OrderStatus, paymentStatus: PaymentStatus) {
  return await eventually(async () => {
    const [{ order }, { payment }] = await Promise.all([
      orders.getOrder({ orderId }),
      payments.getPayment({ orderId }),
    ]);
    expect([order?.status, payment?.status]).toEqual([orderStatus, paymentStatus]);
    return { order: order!, payment: payment! };
  });
}

/** What the order service has noted about an order's payment. */
async function noted(orderId: bigint) {
  return await mesh.lomsSql`select kind, reason, outcome from order_payment_events
    where order_id = ${`${orderId}`} order by version`;
}

test("declined, tried again, paid, refunded: both sides say so", async () => {
  const orderId = await place();
  expect(await pay(orderId, "4000000000009995", "first")).toMatchObject({ outcome: PayOutcome.DECLINED });
  expect(await pay(orderId, undefined, "second")).toMatchObject({ outcome: PayOutcome.CAPTURED });
  const { payment } = await until(orderId, OrderStatus.PAID, PaymentStatus.CAPTURED);
  await payments.refund({ paymentId: payment.paymentId, idempotencyKey: "refund", reason: "Broken." });
  await until(orderId, OrderStatus.PAID, PaymentStatus.REFUNDED);
  await eventually(async () =>
    expect(await noted(orderId)).toEqual([
      { kind: "declined", reason: "insufficient_funds", outcome: "unchanged" },
      { kind: "captured", reason: "", outcome: "paid" },
      { kind: "refunded", reason: "requested", outcome: "unchanged" },
    ]),
  );
});

test("an order that is free is paid by itself", async () => {
  await until(await place({ amountMinor: 0n }), OrderStatus.PAID, PaymentStatus.CAPTURED);
});

test("money that comes after the deadline goes back, and both sides say why", async () => {
  const orderId = await place({ windowSeconds: 3 });
  expect(await pay(orderId, "4000000000000077")).toMatchObject({ outcome: PayOutcome.PROCESSING });
  const { order, payment } = await until(orderId, OrderStatus.CANCELED, PaymentStatus.REFUNDED);
  expect(order.cancelReason).toBe(CancelReason.PAYMENT_DEADLINE);
  expect(payment.refunds).toMatchObject([{ reason: RefundReason.ORDER_EXPIRED }]);
  await eventually(async () =>
    expect(await noted(orderId)).toEqual([
      { kind: "captured", reason: "", outcome: "order_canceled" },
      { kind: "refunded", reason: "order_expired", outcome: "unchanged" },
    ]),
  );
});

test("an order that is marked as paid without payments needs none", async () => {
  const orderId = await place();
  await orders.payOrder({ orderId });
  const { payment } = await until(orderId, OrderStatus.PAID, PaymentStatus.CANCELED);
  expect(payment.cancelReason).toBe(PaymentCancelReason.PAID_OTHERWISE);
});

test("paying and canceling at the same time: paid and kept, or canceled and given back", async () => {
  const ends = new Map<OrderStatus, number>();
  for (let round = 0; round < 12; round += 1) {
    const orderId = await place();
    await Promise.allSettled([
      pay(orderId),
      ...(round % 3 === 0 ? [orders.cancelOrder({ orderId })] : []),
      ...(round % 3 === 1
        ? [pay(orderId, undefined, "at once").then(() => orders.cancelOrder({ orderId }))]
        : []),
    ]);
    const status = await eventually(async () => {
      const [{ order }, { payment }] = await Promise.all([
        orders.getOrder({ orderId }),
        payments.getPayment({ orderId }),
      ]);
      const wanted =
        order!.status === OrderStatus.PAID
          ? [PaymentStatus.CAPTURED]
          : [PaymentStatus.REFUNDED, PaymentStatus.CANCELED];
      expect([OrderStatus.PAID, OrderStatus.CANCELED]).toContain(order?.status);
      expect(wanted).toContain(payment?.status);
      return order!.status;
    });
    ends.set(status, (ends.get(status) ?? 0) + 1);
  }
  process.stdout.write(
    `pay against cancel: ${ends.get(OrderStatus.PAID)} paid, ${ends.get(OrderStatus.CANCELED)} canceled\n`,
  );
  expect(ends.size).toBe(2);
});

test("events that come again change nothing, and what is no event becomes a dead letter", async () => {
  const kafka = createKafkaClient({ brokers: mesh.brokers, clientId: "test", logger: testLogger() });
  const topic = "payments.events.v1";
  const records: IncomingRecord[] = [];
  const read = (name: string, into: IncomingRecord[]) =>
    readToEnd({
      client: kafka,
      topic: name,
      timeoutMs: 20_000,
      onRecords: (some) => void into.push(...some),
    });
  await read(topic, records);
  const rows = await mesh.lomsSql`select * from order_payment_events order by order_id, version`;
  const producer = createProducer(kafka);
  const nonsense = { key: "1", value: Buffer.from("nonsense"), headers: { ce_id: "", ce_type: "nonsense" } };
  await producer.publish(topic, [...records, nonsense]);
  await producer.close();
  await eventually(async () => {
    const deadLetters: IncomingRecord[] = [];
    await read(`${topic}.loms.dead-letter`, deadLetters);
    expect(deadLetters).toHaveLength(1);
  });
  expect(await mesh.lomsSql`select * from order_payment_events order by order_id, version`).toEqual(rows);
});

test("verify finds nothing, and looks at everything", async () => {
  const examined = await expectVerifyClean(mesh.verifyTargets);
  // None of these orders has asked for a refund: refunds.test.ts looks at those.
  const ofPayments = Object.entries(examined).filter(([name]) =>
    /^I(7|12) (?!the refunds of orders)/.test(name),
  );
  expect(ofPayments).toHaveLength(7);
  expect(ofPayments.every(([, count]) => count > 0)).toBe(true);
});

test.each([
  [
    "I7",
    "a capture that the provider does not know",
    "delete from sandbox_refunds; delete from sandbox_captures",
    "the provider has none",
  ],
  ["I7", "a refund that was never made", "delete from sandbox_refunds", "the provider gave 0"],
  [
    "I7",
    "money of a paid order that went back by itself",
    "update refunds set reason = 'order_expired' where reason = 'requested'",
    "keeps 0 instead of 2598",
  ],
  [
    "I7",
    "another total",
    "update payments set amount_minor = 1 where amount_minor = 2598",
    "its total is 2598 EUR",
  ],
  [
    "I7",
    "a sum that is wrong",
    "update payments set captured_minor = captured_minor + 1 where status = 'captured'",
    "captured 2599 of 2598",
  ],
  [
    "I12",
    "money that was not given back",
    "update payments set status = 'captured', refunded_minor = 0 where order_state = 'expired'",
    "(expired): captured 2598, refunded 0",
  ],
])("verify finds %s: %s", async (invariant, _, damage, says) => {
  await mesh.quiesce();
  const results = await withDamagedCopy(mesh.databases.payments, damage, (paymentsDatabaseUrl) =>
    runVerify({ ...mesh.verifyTargets, paymentsDatabaseUrl }, testLogger()),
  );
  expect(results.flatMap(({ findings }) => [...findings])).toContainEqual({
    invariant,
    text: expect.stringContaining(says),
  });
});
