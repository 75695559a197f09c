import type { Queryable, Tx } from "@ordermesh/postgres/tx";
import { bookRefund } from "./book-refund.ts";
import { type Caller, hashRequest, mayTouch } from "./domain/caller.ts";
import { paymentNotFound, refusal, reusedKey, wrongCurrency } from "./domain/failures.ts";
import type { Payment, Refund } from "./domain/payment.ts";
import type { PaymentDesk } from "./pay.ts";
import { collectChanges } from "./payment-changes.ts";
import { recordRefund } from "./record-outcome.ts";
import { findAttempt } from "./sql/attempts.ts";
import { claimIntent, nameSubject } from "./sql/idempotency-keys.ts";
import { findPayment, lockPayment } from "./sql/payments.ts";
import { findRefund, findRefunds } from "./sql/refunds.ts";

export interface RefundRequest {
  readonly paymentId: bigint;
  /** Undefined: all that is left. */
  readonly amount: { readonly currencyCode: string; readonly amountMinor: bigint } | undefined;
  /** In words. */
  readonly note: string;
  readonly idempotencyKey: string;
  readonly traceparent: string;
}

export interface RefundResult {
  readonly refund: Refund;
  readonly payment: Payment;
  readonly refunds: readonly Refund[];
  readonly replayed: boolean;
}

/**
 * Gives money back. As with paying, the refund is committed before the provider is asked, and asked for again with its
 * key until the provider has confirmed it.
 *
 * @throws Failure `not_found`, `failed_precondition` if less than that is left, `invalid_argument` for another currency
 * or a key that was used for something else; nothing has been done then.
 */
export async function refundPayment(
  desk: PaymentDesk,
  caller: Caller,
  request: RefundRequest,
): Promise<RefundResult> {
  const { database } = desk;
  const begun = await database.transaction((tx) => beginRefund(tx, desk, caller, request));
  if (!begun.replayed) {
    // Without an answer it stays pending, and is tried again.
    await makeRefund(desk, begun.refund).catch(() => {});
  }
  return await database.read((db) => refundResult(db, begun.refund.id, begun.replayed));
}

/**
 * Asks the provider to make a refund that is stored, and notes the answer.
 *
 * @throws Failure `unavailable` if there was none.
 */
export async function makeRefund(
  { database, askProvider, onRecorded }: PaymentDesk,
  refund: Refund,
): Promise<void> {
  const attempt = await database.read((db) => findAttempt(db, refund.attemptId));
  if (attempt === undefined) {
    throw new Error(`Refund ${refund.id} is of no attempt.`);
  }
  const outcome = await askProvider("refund", {
    key: refund.providerKey,
    captureKey: attempt.providerKey,
    amountMinor: refund.amountMinor,
  });
  onRecorded(await database.transaction((tx) => recordRefund(tx, refund.id, outcome)));
}

async function beginRefund(
  tx: Tx,
  { checkAfterMs }: PaymentDesk,
  caller: Caller,
  { paymentId, amount, note, idempotencyKey, traceparent }: RefundRequest,
): Promise<{ readonly refund: Refund; readonly replayed: boolean }> {
  const requestHash = hashRequest([paymentId, amount?.currencyCode, amount?.amountMinor, note]);
  const intent = { caller: caller.name, method: "Refund", key: idempotencyKey, requestHash } as const;
  const earlier = await claimIntent(tx, intent);
  if (earlier !== undefined) {
    if (!earlier.requestHash.equals(requestHash)) {
      throw reusedKey();
    }
    const { refund } = await refundResult(tx, earlier.subjectId, true);
    return { refund, replayed: true };
  }

  const payment = await lockPayment(tx, paymentId);
  if (payment === undefined || !mayTouch(caller, payment)) {
    throw paymentNotFound(paymentId);
  }
  if (amount !== undefined && amount.currencyCode !== payment.currencyCode) {
    throw wrongCurrency(amount.currencyCode, payment);
  }
  const left = payment.capturedMinor - payment.refundRequestedMinor;
  const changes = collectChanges(tx);
  const booked = await bookRefund(tx, changes, payment, {
    amountMinor: amount?.amountMinor ?? left,
    reason: "requested",
    note,
    requestedBy: caller.name,
    traceparent,
    checkAfterMs,
    orderRefundId: undefined,
  });
  if (booked.kind === "refused") {
    throw refusal(payment, booked.reason);
  }
  const { refund } = booked;
  nameSubject(tx, intent, refund.id);
  await changes.write();
  return { refund, replayed: false };
}

async function refundResult(db: Queryable, refundId: bigint, replayed: boolean): Promise<RefundResult> {
  const refund = await findRefund(db, refundId);
  const payment = refund && (await findPayment(db, { paymentId: refund.paymentId }));
  if (refund === undefined || payment === undefined) {
    throw new Error(`Refund ${refundId} is not stored.`);
  }
  return { refund, payment, refunds: await findRefunds(db, payment.id), replayed };
}
