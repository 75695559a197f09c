import { fromBinary } from "@bufbuild/protobuf";
import {
  PaymentCanceledSchema,
  PaymentCapturedSchema,
} from "@ordermesh/proto/ordermesh/events/v1/payment_events_pb";
import {
  type Payment,
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
import { postEvent } from "./sign.ts";

/* Shares of bills at tables are paid as orders are, but made and ended by calls, and without a deadline. */

const good = "4242424242424242";
const declined = "4000000000009995";
const slowSuccess = "4000000000000077";
const silent = "4000000000000259";
const twice = "4000000000000341";

const guest = 4_503_599_627_370_497n;
const amount = { currencyCode: "EUR", amountMinor: 1_234n };

let harness: PaymentsHarness;
beforeAll(async () => {
  harness = await startPaymentsHarness();
});
afterAll(() => harness.stop());

let shareCount = 70_000n;

async function share(from = harness): Promise<{ billShareId: bigint; paymentId: bigint }> {
  shareCount += 1n;
  const { payment } = await from.client.createBillPayment({ billShareId: shareCount, userId: guest, amount });
  return { billShareId: shareCount, paymentId: payment!.paymentId };
}

async function pay(
  paymentId: bigint,
  number = good,
  idempotencyKey = `${paymentId} ${number}`,
  from = harness,
) {
  const paymentMethodToken = await from.token(number, guest);
  return await from.client.pay({ paymentId, paymentMethodToken, idempotencyKey });
}

async function read(paymentId: bigint, from = harness): Promise<Payment> {
  return (await from.client.getPayment({ paymentId })).payment!;
}

function settled(paymentId: bigint, status: PaymentStatus, from = harness): Promise<Payment> {
  return eventually(async () => {
    const payment = await read(paymentId, from);
    expect(payment.status).toBe(status);
    return payment;
  });
}

async function ledger(billShareId: bigint): Promise<{ captures: number; kept: bigint }> {
  const reference = `bill-share/${billShareId}`;
  const [row] = await harness.sql<{ captures: number; kept: bigint }[]>`
    select count(*)::int as captures, (coalesce(sum(c.amount_minor), 0) - coalesce(sum(
      (select sum(r.amount_minor) from sandbox_refunds r where r.capture_key = c.key)), 0))::bigint as kept
    from sandbox_captures c where state = 'captured' and reference = ${reference}`;
  return row!;
}

async function keyOf(paymentId: bigint): Promise<string> {
  const [row] = await harness.sql<{ provider_key: string }[]>`
    select provider_key from payment_attempts where payment_id = ${paymentId} order by id limit 1`;
  return row!.provider_key;
}

test("a share is paid by its payment's id, once, and told with the share's id as key and no order", async () => {
  const { billShareId, paymentId } = await share();
  const made = await read(paymentId);
  expect(made).toMatchObject({
    orderId: 0n,
    billShareId,
    userId: guest,
    amount,
    status: PaymentStatus.REQUIRES_PAYMENT,
  });
  expect(made.paymentDueTime).toBeUndefined();
  expect(await pay(paymentId)).toMatchObject({
    outcome: PayOutcome.CAPTURED,
    payment: { captured: amount },
  });
  expect(
    await pay(paymentId, good, `${paymentId} again`).catch((error) => failureOf(Promise.reject(error))),
  ).toMatchObject({
    reason: "PAYMENT_CAPTURED",
    metadata: { bill_share_id: `${billShareId}` },
  });
  expect(await ledger(billShareId)).toEqual({ captures: 1, kept: 1_234n });
  expect(await harness.events(billShareId, 1)).toEqual(["PaymentCaptured"]);
  const record = (await harness.records()).find(({ key }) => key === `${billShareId}`)!;
  expect(fromBinary(PaymentCapturedSchema, record.value).payment).toMatchObject({
    orderId: 0n,
    billShareId,
    userId: guest,
  });
});

test("made again it is the same one; of another amount it is refused; another guest takes over what is unpaid", async () => {
  const { billShareId, paymentId } = await share();
  const request = { billShareId, userId: guest, amount };
  expect((await harness.client.createBillPayment(request)).payment).toMatchObject({ paymentId, version: 1 });
  for (const other of [
    { ...amount, amountMinor: 1_235n },
    { ...amount, currencyCode: "USD" },
  ]) {
    expect(await failureOf(harness.client.createBillPayment({ ...request, amount: other }))).toMatchObject({
      code: "FailedPrecondition",
      reason: "PAYMENT_AMOUNT_DIFFERS",
    });
  }
  await pay(paymentId, declined);
  const taken = await harness.client.createBillPayment({ ...request, userId: guest + 1n });
  expect(taken.payment).toMatchObject({ paymentId, userId: guest + 1n, status: PaymentStatus.DECLINED });
  const token = await harness.token(good, guest + 1n);
  expect(
    await harness.client.pay({ paymentId, paymentMethodToken: token, idempotencyKey: "the other guest" }),
  ).toMatchObject({ outcome: PayOutcome.CAPTURED });
  expect((await harness.client.createBillPayment(request)).payment).toMatchObject({
    userId: guest + 1n,
    status: PaymentStatus.CAPTURED,
  });
  expect(await ledger(billShareId)).toEqual({ captures: 1, kept: 1_234n });
});

test("thirty calls that make and pay one share at once capture once", async () => {
  shareCount += 1n;
  const billShareId = shareCount;
  const token = await harness.token(good, guest);
  const results = await Promise.allSettled(
    Array.from({ length: 30 }, async (_, index) => {
      const { payment } = await harness.client.createBillPayment({ billShareId, userId: guest, amount });
      return await harness.client.pay({
        paymentId: payment!.paymentId,
        paymentMethodToken: token,
        idempotencyKey: `${billShareId} ${index}`,
      });
    }),
  );
  const captured = results.filter(
    (result) => result.status === "fulfilled" && result.value.outcome === PayOutcome.CAPTURED,
  );
  expect(captured).toHaveLength(1);
  expect(await ledger(billShareId)).toEqual({ captures: 1, kept: 1_234n });
});

test("a share and an order with the same number have nothing to do with each other", async () => {
  const orderId = await harness.order({ orderId: 900_123n });
  shareCount = orderId - 1n;
  const { billShareId, paymentId } = await share();
  expect(billShareId).toBe(orderId);
  await pay(paymentId);
  expect((await harness.payment(orderId)).status).toBe(PaymentStatus.REQUIRES_PAYMENT);
  await harness.publish({ kind: "expired", orderId });
  await harness.settled(orderId, ({ status }) => expect(status).toBe(PaymentStatus.CANCELED));
  expect((await read(paymentId)).status).toBe(PaymentStatus.CAPTURED);
});

test("a payment that was ended is not paid any more, and says why", async () => {
  for (const tried of [false, true]) {
    const { billShareId, paymentId } = await share();
    if (tried) {
      await pay(paymentId, declined);
    }
    expect(await harness.client.cancelBillPayment({ billShareId })).toMatchObject({
      changed: true,
      payment: { status: PaymentStatus.CANCELED, cancelReason: PaymentCancelReason.BILL_VOIDED },
    });
    expect(await harness.client.cancelBillPayment({ billShareId, giveBack: true })).toMatchObject({
      changed: false,
    });
    expect(await failureOf(pay(paymentId))).toMatchObject({ reason: "PAYMENT_CANCELED" });
    const again = await harness.client.createBillPayment({ billShareId, userId: guest, amount });
    expect(again.payment?.status).toBe(PaymentStatus.CANCELED);
    expect((await harness.events(billShareId, tried ? 2 : 1)).at(-1)).toBe("PaymentCanceled");
    const record = (await harness.records()).findLast(({ key }) => key === `${billShareId}`)!;
    expect(fromBinary(PaymentCanceledSchema, record.value).reason).toBe(PaymentCancelReason.BILL_VOIDED);
  }
});

test("money stands in the way of ending it, unless it is to go back", async () => {
  const { billShareId, paymentId } = await share();
  await pay(paymentId);
  expect(await failureOf(harness.client.cancelBillPayment({ billShareId }))).toMatchObject({
    code: "FailedPrecondition",
    reason: "PAYMENT_CAPTURED",
  });
  expect(await harness.client.cancelBillPayment({ billShareId, giveBack: true })).toMatchObject({
    changed: true,
  });
  const refunded = await settled(paymentId, PaymentStatus.REFUNDED);
  expect(refunded.refunds).toMatchObject([
    { reason: RefundReason.BILL_VOIDED, status: RefundStatus.SUCCEEDED },
  ]);
  expect(await ledger(billShareId)).toEqual({ captures: 1, kept: 0n });
  expect(await harness.client.cancelBillPayment({ billShareId, giveBack: true })).toMatchObject({
    changed: false,
  });
  expect(await harness.events(billShareId, 2)).toEqual(["PaymentCaptured", "PaymentRefunded"]);
});

test("what the provider is deciding about goes back once it is captured", async () => {
  const { billShareId, paymentId } = await share();
  expect(await pay(paymentId, slowSuccess)).toMatchObject({ outcome: PayOutcome.PROCESSING });
  expect(await failureOf(harness.client.cancelBillPayment({ billShareId }))).toMatchObject({
    reason: "PAYMENT_PROCESSING",
  });
  expect(await harness.client.cancelBillPayment({ billShareId, giveBack: true })).toMatchObject({
    changed: true,
    payment: { status: PaymentStatus.PROCESSING },
  });
  const refunded = await settled(paymentId, PaymentStatus.REFUNDED);
  expect(refunded.refunds).toMatchObject([{ reason: RefundReason.BILL_VOIDED }]);
  expect(await ledger(billShareId)).toEqual({ captures: 1, kept: 0n });
});

test("what would take the provider for ever is ended there, and then is canceled here", async () => {
  const patient = await startPaymentsHarness({ sandboxDelayMs: 500_000, recoveryAfterMs: 600 });
  try {
    const { billShareId, paymentId } = await share(patient);
    await pay(paymentId, slowSuccess, "slow", patient);
    await eventually(async () => {
      const [row] = await patient.sql<{ checks: number }[]>`select checks from payment_attempts`;
      expect(row!.checks).toBeGreaterThan(0);
    });
    // Without a deadline it is waited for as long as somebody wants it.
    expect((await read(paymentId, patient)).status).toBe(PaymentStatus.PROCESSING);
    await patient.client.cancelBillPayment({ billShareId, giveBack: true });
    await patient.sql`update payment_attempts set next_check_at = now()`;
    await settled(paymentId, PaymentStatus.CANCELED, patient);
    const [row] = await patient.sql`select state from sandbox_captures`;
    expect(row).toEqual({ state: "voided" });
  } finally {
    await patient.stop();
  }
});

test("a capture that is told of after the share was ended goes back by itself", async () => {
  const { billShareId, paymentId } = await share();
  await pay(paymentId, declined);
  const key = await keyOf(paymentId);
  await harness.client.cancelBillPayment({ billShareId });
  await harness.sql`update sandbox_captures set state = 'captured' where key = ${key}`;
  const event = { id: `evt_late_${billShareId}`, type: "capture.succeeded", key };
  await postEvent(harness.address, event);
  await postEvent(harness.address, event);
  const refunded = await settled(paymentId, PaymentStatus.REFUNDED);
  expect(refunded.refunds).toMatchObject([{ reason: RefundReason.BILL_VOIDED }]);
  expect(await ledger(billShareId)).toEqual({ captures: 1, kept: 0n });
});

test("answers that are lost, or come again and again, count once", async () => {
  const [quiet, loud] = [await share(), await share()];
  expect(await pay(quiet.paymentId, silent)).toMatchObject({ outcome: PayOutcome.PROCESSING });
  await pay(loud.paymentId, twice);
  await settled(quiet.paymentId, PaymentStatus.CAPTURED);
  await eventually(async () => expect(await harness.sql`select from sandbox_events`).toHaveLength(0));
  const key = await keyOf(loud.paymentId);
  await postEvent(harness.address, { id: "evt_share_again", type: "capture.succeeded", key });
  for (const { billShareId } of [quiet, loud]) {
    expect(await ledger(billShareId)).toEqual({ captures: 1, kept: 1_234n });
    expect(await harness.events(billShareId, 1)).toEqual(["PaymentCaptured"]);
  }
});

test("money of a share is given back as that of an order is", async () => {
  const { billShareId, paymentId } = await share();
  await pay(paymentId);
  const part = { currencyCode: "EUR", amountMinor: 200n };
  expect(
    await harness.client.refund({ paymentId, amount: part, reason: "Cold soup.", idempotencyKey: "soup" }),
  ).toMatchObject({
    refund: { status: RefundStatus.SUCCEEDED, reason: RefundReason.REQUESTED },
    payment: { status: PaymentStatus.PARTIALLY_REFUNDED, billShareId },
  });
  // Ended after all, only the rest goes back.
  await harness.client.cancelBillPayment({ billShareId, giveBack: true });
  await settled(paymentId, PaymentStatus.REFUNDED);
  expect(await ledger(billShareId)).toEqual({ captures: 1, kept: 0n });
});

test("what is missing or contradicts itself is named", async () => {
  const { client } = harness;
  expect(await failureOf(client.cancelBillPayment({ billShareId: 1n }))).toMatchObject({
    code: "NotFound",
    reason: "PAYMENT_NOT_FOUND",
  });
  const request = { billShareId: 1n, userId: guest };
  expect(await failureOf(client.createBillPayment(request))).toMatchObject({ code: "InvalidArgument" });
  for (const wrong of [
    { currencyCode: "EUR", amountMinor: 0n },
    { currencyCode: "EUR", amountMinor: -5n },
    { currencyCode: "euro", amountMinor: 5n },
  ]) {
    expect(await failureOf(client.createBillPayment({ ...request, amount: wrong }))).toMatchObject({
      code: "InvalidArgument",
    });
  }
  const both = { paymentMethodToken: "none", idempotencyKey: "both" };
  expect(await failureOf(client.pay({ ...both, orderId: 1n, paymentId: 1n }))).toMatchObject({
    fields: ["payment_id"],
  });
  expect(await failureOf(client.pay(both))).toMatchObject({ fields: ["payment_id"] });
  expect(await failureOf(client.pay({ ...both, paymentId: 999_999n }))).toMatchObject({
    code: "NotFound",
    reason: "PAYMENT_NOT_FOUND",
  });
});

test("an order at a table has no payment: it is paid with its bill", async () => {
  const orderId = 900_200n;
  await harness.publish(
    { kind: "paid", orderId, table: { sessionId: 1n, locationId: 1n } },
    { kind: "canceled", orderId, table: { sessionId: 1n, locationId: 1n } },
  );
  await harness.order({ orderId: 900_201n });
  expect(await failureOf(harness.payment(orderId))).toMatchObject({ reason: "PAYMENT_NOT_FOUND" });
});
