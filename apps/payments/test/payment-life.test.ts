import {
  PaymentCancelReason,
  PaymentStatus,
  RefundReason,
  RefundStatus,
} from "@ordermesh/proto/ordermesh/payments/v1/payment_pb";
import { PayOutcome } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, expect, test } from "vitest";
import { failureOf } from "./failure-of.ts";
import { type PaymentsHarness, startPaymentsHarness } from "./payments-harness.ts";

let harness: PaymentsHarness;
beforeAll(async () => {
  harness = await startPaymentsHarness();
});
afterAll(() => harness.stop());

const insufficientFunds = "4000000000009995";

test("an order that awaits payment has a payment, is paid with a card, and confirmed", async () => {
  const orderId = await harness.order({ userId: 7n });
  expect(await harness.payment(orderId)).toMatchObject({
    orderId,
    userId: 7n,
    status: PaymentStatus.REQUIRES_PAYMENT,
    amount: { currencyCode: "EUR", amountMinor: 2598n },
    captured: { amountMinor: 0n },
    attempts: 0,
  });
  const paid = await harness.pay(orderId);
  expect(paid).toMatchObject({
    outcome: PayOutcome.CAPTURED,
    replayed: false,
    payment: { status: PaymentStatus.CAPTURED, captured: { amountMinor: 2598n }, attempts: 1 },
  });
  expect(await harness.events(orderId, 1)).toEqual(["PaymentCaptured"]);
  await harness.publish({ kind: "paid", orderId, userId: 7n });
  await harness.settled(orderId, ({ version }) => expect(version).toBeGreaterThan(paid.payment!.version));
  expect((await harness.payment(orderId)).status).toBe(PaymentStatus.CAPTURED);
  expect(await harness.ledger(orderId)).toEqual({ captured: 2598n, captures: 1, refunded: 0n });
});

test("a declined card says why, and another one may be tried", async () => {
  const orderId = await harness.order();
  expect(await harness.pay(orderId, insufficientFunds)).toMatchObject({
    outcome: PayOutcome.DECLINED,
    declineCode: "insufficient_funds",
    payment: { status: PaymentStatus.DECLINED, declineCode: "insufficient_funds" },
  });
  expect(await harness.pay(orderId, "4000000000000002")).toMatchObject({ declineCode: "card_declined" });
  expect(await harness.pay(orderId)).toMatchObject({
    outcome: PayOutcome.CAPTURED,
    payment: { declineCode: "", attempts: 3 },
  });
  expect(await harness.events(orderId, 3)).toEqual(["PaymentDeclined", "PaymentDeclined", "PaymentCaptured"]);
  expect(await failureOf(harness.pay(orderId))).toMatchObject({
    code: "FailedPrecondition",
    reason: "PAYMENT_CAPTURED",
  });
});

test("the same key is the same try, whatever happened since; another request with it is refused", async () => {
  const orderId = await harness.order();
  const [declined, good] = [await harness.token(insufficientFunds), await harness.token("4242424242424242")];
  const request = { orderId, paymentMethodToken: declined, idempotencyKey: "first try" };
  await harness.client.pay(request);
  await harness.client.pay({ orderId, paymentMethodToken: good, idempotencyKey: "second try" });
  expect(await harness.client.pay(request)).toMatchObject({
    outcome: PayOutcome.DECLINED,
    declineCode: "insufficient_funds",
    replayed: true,
    payment: { status: PaymentStatus.CAPTURED },
  });
  expect(await failureOf(harness.client.pay({ ...request, paymentMethodToken: good }))).toMatchObject({
    code: "InvalidArgument",
    reason: "IDEMPOTENCY_KEY_REUSED",
    fields: ["idempotency_key"],
  });
  expect(await harness.ledger(orderId)).toMatchObject({ captures: 1 });
});

test("fifty calls at once, with one key and with fifty, capture once", async () => {
  for (const keyOf of [() => "one key", (index: number) => `key of call ${index}`]) {
    const orderId = await harness.order();
    const paymentMethodToken = await harness.token("4242424242424242");
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) =>
        harness.client.pay({ orderId, paymentMethodToken, idempotencyKey: `${orderId} ${keyOf(index)}` }),
      ),
    );
    expect(results.filter(({ status }) => status === "fulfilled").length).toBeGreaterThan(0);
    await harness.settled(orderId, ({ status }) => expect(status).toBe(PaymentStatus.CAPTURED));
    expect(await harness.ledger(orderId)).toEqual({ captured: 2598n, captures: 1, refunded: 0n });
  }
});

test("an order that is free is captured at once, without the provider; one without a total has no payment", async () => {
  const free = await harness.order({ amountMinor: 0n });
  expect(await harness.payment(free)).toMatchObject({ status: PaymentStatus.CAPTURED, attempts: 0 });
  expect(await harness.events(free, 1)).toEqual(["PaymentCaptured"]);
  await harness.publish({ kind: "awaiting_payment", orderId: 888_001n, amountMinor: undefined });
  await harness.publish({ kind: "awaiting_payment", orderId: 888_002n });
  await eventually(() => harness.payment(888_002n));
  expect(await failureOf(harness.payment(888_001n))).toMatchObject({
    code: "NotFound",
    reason: "PAYMENT_NOT_FOUND",
  });
});

test.each([
  ["canceled", PaymentCancelReason.ORDER_CANCELED],
  ["expired", PaymentCancelReason.ORDER_EXPIRED],
  ["paid", PaymentCancelReason.PAID_OTHERWISE],
] as const)(
  "a payment is canceled when its order is %s before anything was captured",
  async (kind, reason) => {
    const orderId = await harness.order();
    await harness.publish({ kind, orderId }, { kind, orderId });
    const canceled = await harness.settled(orderId, ({ status }) =>
      expect(status).toBe(PaymentStatus.CANCELED),
    );
    expect(canceled.cancelReason).toBe(reason);
    expect(await failureOf(harness.pay(orderId))).toMatchObject({ reason: "PAYMENT_CANCELED" });
    expect(await harness.events(orderId, 1)).toEqual(["PaymentCanceled"]);
  },
);

test("events that come twice, late, or in the wrong order make nothing new", async () => {
  const orderId = 999_001n;
  await harness.publish(
    { kind: "failed", orderId, eventId: "failed-first" },
    { kind: "awaiting_payment", orderId, eventId: "a-dead-letter-that-was-brought-back" },
    { kind: "awaiting_payment", orderId, eventId: "a-dead-letter-that-was-brought-back" },
  );
  const other = await harness.order({ eventId: "twice" });
  await harness.publish({ kind: "awaiting_payment", orderId: other, eventId: "twice" });
  expect(await harness.settled(orderId, () => {})).toMatchObject({
    status: PaymentStatus.CANCELED,
    cancelReason: PaymentCancelReason.ORDER_FAILED,
  });
  const [row] =
    await harness.sql`select count(*)::int as count from payments where order_id in (${orderId}, ${other})`;
  expect(row).toEqual({ count: 2 });
});

test("after the deadline nothing is tried any more", async () => {
  const orderId = await harness.order({ dueInMs: -1 });
  expect(await failureOf(harness.pay(orderId))).toMatchObject({
    code: "FailedPrecondition",
    reason: "PAYMENT_DEADLINE_PASSED",
    metadata: { order_id: `${orderId}` },
  });
  expect(await harness.ledger(orderId)).toMatchObject({ captures: 0 });
});

test("refunds go back in parts, never more than was captured, once for each key", async () => {
  const orderId = await harness.order();
  await harness.pay(orderId);
  const { paymentId } = await harness.payment(orderId);
  const part = { paymentId, amount: { currencyCode: "EUR", amountMinor: 600n }, reason: "A scratch." };
  expect(await harness.client.refund({ ...part, idempotencyKey: "part" })).toMatchObject({
    refund: { status: RefundStatus.SUCCEEDED, reason: RefundReason.REQUESTED, note: "A scratch." },
    payment: { status: PaymentStatus.PARTIALLY_REFUNDED, refunded: { amountMinor: 600n } },
  });
  expect(await harness.client.refund({ ...part, idempotencyKey: "part" })).toMatchObject({ replayed: true });
  const tooMuch = { ...part, amount: { currencyCode: "EUR", amountMinor: 1_999n }, idempotencyKey: "more" };
  expect(await failureOf(harness.client.refund(tooMuch))).toMatchObject({
    code: "FailedPrecondition",
    reason: "REFUND_EXCEEDS_CAPTURED",
    metadata: { refundable_minor: "1998" },
  });
  const dollars = { ...part, amount: { currencyCode: "USD", amountMinor: 1n }, idempotencyKey: "dollars" };
  expect(await failureOf(harness.client.refund(dollars))).toMatchObject({ reason: "WRONG_CURRENCY" });
  expect(await harness.client.refund({ paymentId, idempotencyKey: "the rest" })).toMatchObject({
    refund: { amount: { amountMinor: 1_998n } },
    payment: { status: PaymentStatus.REFUNDED, refunds: [{}, {}] },
  });
  expect(await harness.ledger(orderId)).toEqual({ captured: 2598n, captures: 1, refunded: 2598n });
  expect(await harness.events(orderId, 3)).toEqual(["PaymentCaptured", "PaymentRefunded", "PaymentRefunded"]);
});

test("twenty refunds of a quarter at once: four go through", async () => {
  const orderId = await harness.order({ amountMinor: 400n });
  await harness.pay(orderId);
  const { paymentId } = await harness.payment(orderId);
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) =>
      harness.client.refund({
        paymentId,
        amount: { currencyCode: "EUR", amountMinor: 100n },
        idempotencyKey: `${orderId} quarter ${index}`,
      }),
    ),
  );
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(4);
  expect(await harness.ledger(orderId)).toMatchObject({ refunded: 400n });
  expect((await harness.payment(orderId)).status).toBe(PaymentStatus.REFUNDED);
});

test("pages list each payment of a user once, newest first; a token of another list is refused", async () => {
  const userId = 4_711n;
  const orders: bigint[] = [];
  for (let count = 0; count < 7; count += 1) {
    orders.push(await harness.order({ userId }));
  }
  const seen: bigint[] = [];
  let pageToken = "";
  do {
    const page = await harness.client.listPayments({ userId, pageSize: 3, pageToken });
    seen.push(...page.payments.map(({ orderId }) => orderId));
    pageToken = page.nextPageToken || "";
    if (pageToken !== "") {
      expect(await failureOf(harness.client.listPayments({ userId: 1n, pageToken }))).toMatchObject({
        reason: "MALFORMED_PAGE_TOKEN",
      });
    }
  } while (pageToken !== "");
  expect(seen).toEqual([...orders].reverse());
});

test("what is not there is named", async () => {
  expect(await failureOf(harness.client.getPayment({ paymentId: 999_999n }))).toMatchObject({
    code: "NotFound",
  });
  expect(await failureOf(harness.client.getPayment({}))).toMatchObject({ fields: ["payment_id"] });
  const refund = harness.client.refund({ paymentId: 999_999n, idempotencyKey: "none" });
  expect(await failureOf(refund)).toMatchObject({ code: "NotFound", reason: "PAYMENT_NOT_FOUND" });
  const orderId = await harness.order();
  const { paymentId } = await harness.payment(orderId);
  const early = harness.client.refund({ paymentId, idempotencyKey: "early" });
  expect(await failureOf(early)).toMatchObject({ reason: "NOTHING_CAPTURED" });
  const foreign = await harness.token("4242424242424242", 2n);
  expect(
    await harness.client.pay({ orderId, paymentMethodToken: foreign, idempotencyKey: "foreign token" }),
  ).toMatchObject({ outcome: PayOutcome.DECLINED, declineCode: "unknown_payment_method" });
});
