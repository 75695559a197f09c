import { Failure } from "@ordermesh/failure/failure";
import { nameOfSubject, type Payment, type PaymentSubject } from "./payment.ts";
import type { RefusalReason } from "./payment-status.ts";

export function orderHasNoPayment(orderId: bigint): Failure {
  return new Failure(
    "not_found",
    `There is no payment for order ${orderId}. It is made a moment after the order was placed, if the order has a total.`,
    { reason: "PAYMENT_NOT_FOUND", metadata: { order_id: `${orderId}` } },
  );
}

export function paymentNotFound(paymentId: bigint): Failure {
  return new Failure("not_found", `There is no payment ${paymentId}.`, {
    reason: "PAYMENT_NOT_FOUND",
    metadata: { payment_id: `${paymentId}` },
  });
}

export function reusedKey(): Failure {
  return new Failure(
    "invalid_argument",
    "This idempotency key was used for another request. Use a new key for a new intent.",
    {
      reason: "IDEMPOTENCY_KEY_REUSED",
      fieldViolations: [{ field: "idempotency_key", description: "was used for another request" }],
    },
  );
}

export function wrongCurrency(given: string, { currencyCode }: Payment): Failure {
  const description = `must be ${currencyCode}, as the payment is`;
  return new Failure("invalid_argument", `amount.currency_code: ${description}, not ${given}.`, {
    reason: "WRONG_CURRENCY",
    fieldViolations: [{ field: "amount.currency_code", description }],
  });
}

const refusalTexts: Readonly<Record<RefusalReason, string>> = {
  PAYMENT_PROCESSING: "the provider has not decided about an earlier try yet; ask again in a moment",
  PAYMENT_CAPTURED: "it has been paid",
  PAYMENT_CANCELED: "its order has ended, or its bill was taken back",
  PAYMENT_DEADLINE_PASSED: "the order's deadline has passed",
  NOTHING_CAPTURED: "nothing has been captured that could be given back",
  REFUND_EXCEEDS_CAPTURED: "less than that is left to be given back",
};

/** Why a payment can not be made or given back now. */
export function refusal(payment: Payment, reason: RefusalReason): Failure {
  const left = payment.capturedMinor - payment.refundRequestedMinor;
  const text = refusalTexts[reason];
  return new Failure(
    "failed_precondition",
    `Payment of ${nameOfSubject(payment.subject)} refused: ${text}.`,
    {
      reason,
      metadata: {
        ...subjectMetadata(payment.subject),
        payment_id: `${payment.id}`,
        ...(reason === "REFUND_EXCEEDS_CAPTURED" && { refundable_minor: `${left}` }),
      },
      preconditionViolations: [{ type: reason, subject: `payment/${payment.id}`, description: text }],
      ...(reason === "PAYMENT_PROCESSING" && { retryAfterMs: 1_000 }),
    },
  );
}

function subjectMetadata({ kind, id }: PaymentSubject): Readonly<Record<string, string>> {
  return kind === "order" ? { order_id: `${id}` } : { bill_share_id: `${id}` };
}

export function billShareHasNoPayment(billShareId: bigint): Failure {
  return new Failure("not_found", `There is no payment for bill share ${billShareId}.`, {
    reason: "PAYMENT_NOT_FOUND",
    metadata: { bill_share_id: `${billShareId}` },
  });
}

/** A share is of one amount: whoever asks for another one means another share. */
export function otherAmount({ subject, amountMinor, currencyCode }: Payment): Failure {
  return new Failure(
    "failed_precondition",
    `The payment of ${nameOfSubject(subject)} is of ${amountMinor} minor units of ${currencyCode}.`,
    { reason: "PAYMENT_AMOUNT_DIFFERS", metadata: subjectMetadata(subject) },
  );
}
