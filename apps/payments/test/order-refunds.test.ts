import { fromBinary } from "@bufbuild/protobuf";
import { readToEnd } from "@ordermesh/kafka/read-to-end";
import { deadLetterTopic } from "@ordermesh/kafka/topics";
import {
  PaymentRefundedSchema,
  type PaymentRefundFailed,
  PaymentRefundFailedSchema,
} from "@ordermesh/proto/ordermesh/events/v1/payment_events_pb";
import { PaymentStatus, RefundReason, RefundStatus } from "@ordermesh/proto/ordermesh/payments/v1/payment_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ordersGroup, ordersTopic } from "../src/events/incoming.ts";
import { failureOf } from "./failure-of.ts";
import { type PaymentsHarness, startPaymentsHarness } from "./payments-harness.ts";

/* Orders ask for refunds by events, and are answered by events. */

let harness: PaymentsHarness;
beforeAll(async () => {
  harness = await startPaymentsHarness();
});
afterAll(() => harness.stop());

let lastRefundId = 1_000n;

interface Asking {
  readonly amountMinor: bigint;
  readonly refundId?: bigint;
  readonly currencyCode?: string;
  readonly eventId?: string;
  readonly reason?: string;
}

/** Asks for a refund as the order service does. @returns its id of the refund. */
async function ask(orderId: bigint, { eventId, ...asking }: Asking): Promise<bigint> {
  lastRefundId += 1n;
  const refund = { refundId: lastRefundId, ...asking };
  await harness.publish({ kind: "refund_requested", orderId, refund, ...(eventId && { eventId }) });
  return refund.refundId;
}

/** An order of 25.98 EUR that was paid with a card. */
async function paidOrder(): Promise<bigint> {
  const orderId = await harness.order();
  await harness.pay(orderId);
  // A slow provider answers later than the call. An order that is said to be paid before that was paid by other means.
  await harness.settled(orderId, (payment) => expect(payment.status).toBe(PaymentStatus.CAPTURED));
  await harness.publish({ kind: "paid", orderId });
  return orderId;
}

/** The answer to a request that was refused, once it is there. */
async function refusal(orderRefundId: bigint): Promise<PaymentRefundFailed> {
  return await eventually(async () => {
    const failed = (await harness.records())
      .filter(({ headers }) => headers.ce_type === PaymentRefundFailedSchema.typeName)
      .map(({ value }) => fromBinary(PaymentRefundFailedSchema, value));
    const [answer, ...others] = failed.filter((event) => event.orderRefundId === orderRefundId);
    expect(answer).toBeDefined();
    expect(others).toEqual([]);
    return answer!;
  });
}

const refunded = (orderId: bigint, amountMinor: bigint) =>
  harness.settled(orderId, (payment) => expect(payment.refunded?.amountMinor).toBe(amountMinor));

describe("money that an order asks for", () => {
  test("goes back at the provider, and the answer names the order's refund", async () => {
    const orderId = await paidOrder();
    const refundId = await ask(orderId, { amountMinor: 598n, reason: "The lid is broken." });
    const payment = await refunded(orderId, 598n);
    expect(payment).toMatchObject({
      status: PaymentStatus.PARTIALLY_REFUNDED,
      refunds: [
        {
          status: RefundStatus.SUCCEEDED,
          reason: RefundReason.ORDER_REFUND,
          note: "The lid is broken.",
          orderRefundId: refundId,
        },
      ],
    });
    expect(await harness.ledger(orderId)).toEqual({ captured: 2598n, captures: 1, refunded: 598n });
    expect(await harness.events(orderId, 2)).toEqual(["PaymentCaptured", "PaymentRefunded"]);
    const [event] = (await harness.records())
      .filter(({ key, headers }) => key === `${orderId}` && headers.ce_type?.endsWith("PaymentRefunded"))
      .map(({ value }) => fromBinary(PaymentRefundedSchema, value));
    expect(event).toMatchObject({
      payment: { orderId, refunded: { currencyCode: "EUR", amountMinor: 598n } },
      refund: { orderRefundId: refundId, amount: { currencyCode: "EUR", amountMinor: 598n } },
    });
  });

  test("goes back once, however often it is asked for: the same event, and another with the same id", async () => {
    const orderId = await paidOrder();
    const refund = { refundId: 77_000n, amountMinor: 500n };
    const event = { kind: "refund_requested", orderId, refund } as const;
    await harness.publish({ ...event, eventId: "twice" }, { ...event, eventId: "twice" });
    await refunded(orderId, 500n);
    await harness.publish({ ...event, eventId: "twice" }, { ...event, eventId: "again" });
    // What comes later has been handled once this is.
    await ask(orderId, { amountMinor: 1n });
    expect((await refunded(orderId, 501n)).refunds).toHaveLength(2);
    expect(await harness.ledger(orderId)).toMatchObject({ refunded: 501n });
    expect(await harness.events(orderId, 3)).toEqual([
      "PaymentCaptured",
      "PaymentRefunded",
      "PaymentRefunded",
    ]);
  });

  test("goes back in parts that add up to what was captured, and not one unit more", async () => {
    const orderId = await paidOrder();
    const parts = [1000n, 1500n, 98n];
    await harness.publish(
      ...parts.map((amountMinor, index) => ({
        kind: "refund_requested" as const,
        orderId,
        refund: { refundId: 78_000n + BigInt(index), amountMinor },
      })),
    );
    const payment = await refunded(orderId, 2598n);
    expect(payment).toMatchObject({ status: PaymentStatus.REFUNDED, refunds: [{}, {}, {}] });
    expect(await refusal(await ask(orderId, { amountMinor: 1n }))).toMatchObject({
      failureCode: "REFUND_EXCEEDS_CAPTURED",
    });
    expect(await harness.ledger(orderId)).toMatchObject({ refunded: 2598n });
  });

  test("and what is asked for by call at the same time never come to more than was captured", async () => {
    const orderId = await paidOrder();
    const { paymentId } = await harness.payment(orderId);
    const amount = { currencyCode: "EUR", amountMinor: 1000n };
    const asked: Promise<bigint>[] = [];
    const calls: Promise<unknown>[] = [];
    for (let count = 0; count < 4; count += 1) {
      asked.push(ask(orderId, { amountMinor: 1000n }));
      calls.push(harness.client.refund({ paymentId, amount, idempotencyKey: `call ${count}` }));
    }
    const answers = await Promise.allSettled(calls);
    const refundIds = await Promise.all(asked);
    const byCall = answers.filter(({ status }) => status === "fulfilled").length;
    await refunded(orderId, 2000n);
    await eventually(async () => {
      const refused = await harness.sql`select order_refund_id from refused_order_refunds
        where order_refund_id = any(${refundIds.map(String)}::bigint[])`;
      expect(refundIds.length - refused.length + byCall).toBe(2);
    });
    expect(await harness.ledger(orderId)).toMatchObject({ refunded: 2000n });
  });
});

describe("what can not be given back is answered with the reason", () => {
  test("more than was captured", async () => {
    const orderId = await paidOrder();
    const refundId = await ask(orderId, { amountMinor: 2599n });
    expect(await refusal(refundId)).toMatchObject({
      orderId,
      orderRefundId: refundId,
      failureCode: "REFUND_EXCEEDS_CAPTURED",
      description: expect.stringContaining(`order ${orderId}`),
      payment: { orderId, captured: { amountMinor: 2598n }, refunded: { amountMinor: 0n } },
    });
    expect(await harness.payment(orderId)).toMatchObject({ status: PaymentStatus.CAPTURED, refunds: [] });
    expect(await harness.ledger(orderId)).toMatchObject({ refunded: 0n });
  });

  test("money of an order that nobody here has heard of", async () => {
    const orderId = 5_000_000n;
    const answer = await refusal(await ask(orderId, { amountMinor: 1n }));
    expect(answer).toMatchObject({ orderId, failureCode: "PAYMENT_NOT_FOUND" });
    expect([answer.payment, answer.refund]).toEqual([undefined, undefined]);
    expect(await failureOf(harness.client.getPayment({ orderId }))).toMatchObject({ code: "NotFound" });
  });

  test("money of an order that was paid otherwise", async () => {
    const orderId = await harness.order();
    await harness.publish({ kind: "paid", orderId });
    expect(await refusal(await ask(orderId, { amountMinor: 2598n }))).toMatchObject({
      failureCode: "NOTHING_CAPTURED",
      payment: { status: PaymentStatus.CANCELED },
    });
  });

  test("another currency", async () => {
    const orderId = await paidOrder();
    const refundId = await ask(orderId, { amountMinor: 1n, currencyCode: "USD" });
    expect(await refusal(refundId)).toMatchObject({ failureCode: "WRONG_CURRENCY" });
  });

  test("what the provider refuses for good; asked for again, it is tried again", async () => {
    const orderId = await paidOrder();
    const reference = `order/${orderId}`;
    await harness.sql`update sandbox_captures set state = 'voided' where reference = ${reference}`;
    const refundId = await ask(orderId, { amountMinor: 2598n });
    expect(await refusal(refundId)).toMatchObject({
      orderId,
      orderRefundId: refundId,
      failureCode: "not_captured",
      payment: { status: PaymentStatus.CAPTURED },
      refund: { status: RefundStatus.FAILED, orderRefundId: refundId, failureCode: "not_captured" },
    });
    await harness.sql`update sandbox_captures set state = 'captured' where reference = ${reference}`;
    await ask(orderId, { refundId, amountMinor: 2598n });
    const payment = await refunded(orderId, 2598n);
    expect(payment.refunds).toMatchObject([
      { status: RefundStatus.FAILED, orderRefundId: refundId },
      { status: RefundStatus.SUCCEEDED, orderRefundId: refundId },
    ]);
    expect(await harness.ledger(orderId)).toMatchObject({ refunded: 2598n });
  });

  test("what is no request is a dead letter, and holds up nobody", async () => {
    const orderId = await paidOrder();
    const refundId = await ask(orderId, { amountMinor: 700n, eventId: "first" });
    await refunded(orderId, 700n);
    await ask(orderId, { refundId, amountMinor: 701n, eventId: "other-amount" });
    await ask(orderId, { amountMinor: 0n, eventId: "nothing" });
    await ask(orderId, { amountMinor: -5n, eventId: "negative" });
    await ask(orderId, { refundId: 0n, amountMinor: 5n, eventId: "no-id" });
    await ask(orderId, { amountMinor: 100n, eventId: "a-good-one" });
    await refunded(orderId, 800n);
    const reasons = new Map<string, string>();
    await readToEnd({
      client: harness.kafka,
      topic: deadLetterTopic(ordersTopic.name, ordersGroup),
      timeoutMs: 20_000,
      onRecords(records) {
        for (const { headers } of records) {
          reasons.set(headers.ce_id ?? "", headers.dead_letter_reason ?? "");
        }
      },
    });
    expect([...reasons.keys()].sort()).toEqual(["negative", "no-id", "nothing", "other-amount"]);
    expect(reasons.get("other-amount")).toContain(`Refund ${refundId} of order ${orderId} was begun before`);
  });
});

describe("an order that ends after a refund", () => {
  test.each(["refunded", "voucher_expired"] as const)("%s: what it kept stays kept", async (kind) => {
    const orderId = await paidOrder();
    await ask(orderId, { amountMinor: 2000n });
    await refunded(orderId, 2000n);
    await harness.publish({ kind, orderId });
    const { version } = await harness.settled(orderId, (payment) => expect(payment.version).toBe(7));
    await ask(orderId, { amountMinor: 98n });
    const payment = await refunded(orderId, 2098n);
    expect(payment.version).toBeGreaterThan(version);
    expect(payment.status).toBe(PaymentStatus.PARTIALLY_REFUNDED);
    expect(await harness.ledger(orderId)).toMatchObject({ refunded: 2098n });
  });

  test("because it was canceled after all: all of its money goes back, without being asked for", async () => {
    const orderId = await paidOrder();
    await harness.publish({ kind: "canceled", orderId, version: 4 });
    const payment = await refunded(orderId, 2598n);
    expect(payment.refunds).toMatchObject([{ reason: RefundReason.ORDER_CANCELED, orderRefundId: 0n }]);
  });
});
