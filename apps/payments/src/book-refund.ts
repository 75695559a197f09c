import type { Tx } from "@ordermesh/postgres/tx";
import type { Payment, Refund, RefundReason } from "./domain/payment.ts";
import { decide, type RefusalReason } from "./domain/payment-status.ts";
import { newProviderKey, type PaymentChanges } from "./payment-changes.ts";
import { addRefundRequested, findCapturedAttempts } from "./sql/attempts.ts";
import { insertRefund } from "./sql/refunds.ts";

export interface RefundToBook {
  readonly amountMinor: bigint;
  readonly reason: RefundReason;
  /** For the buyer and the books, in words. */
  readonly note: string;
  /** Who asked for it, for the history. */
  readonly requestedBy: string;
  readonly traceparent: string;
  /** When the recovery loop makes it, if nobody has until then. */
  readonly checkAfterMs: number;
  /** The order service's id of it, if the order asked for it. */
  readonly orderRefundId: bigint | undefined;
}

export type BookedRefund =
  | { readonly kind: "booked"; readonly refund: Refund; readonly payment: Payment }
  | { readonly kind: "refused"; readonly reason: RefusalReason };

/**
 * Books a refund of a payment that this transaction has locked: never more than what was captured and is not being given
 * back already. The provider is still to be asked, once this is committed.
 */
export async function bookRefund(
  tx: Tx,
  changes: PaymentChanges,
  payment: Payment,
  { requestedBy, checkAfterMs, ...wanted }: RefundToBook,
): Promise<BookedRefund> {
  const { amountMinor, traceparent } = wanted;
  const event = { kind: "refund_requested", amountMinor } as const;
  const decision = decide(payment, event);
  if (decision.kind === "refused") {
    return decision;
  }
  // What was captured twice goes back by itself and at once, so one capture holds all that is left.
  const attempts = await findCapturedAttempts(tx, payment.id);
  const attempt = attempts.find((each) => each.amountMinor - each.refundRequestedMinor >= amountMinor);
  if (attempt === undefined) {
    return { kind: "refused", reason: "REFUND_EXCEEDS_CAPTURED" };
  }
  const text = `refund of ${amountMinor} requested by ${requestedBy}`;
  const applied = changes.apply(payment, event, { text, traceparent });
  addRefundRequested(tx, attempt.id, amountMinor);
  const refund = await insertRefund(tx, {
    ...wanted,
    paymentId: payment.id,
    attemptId: attempt.id,
    providerKey: newProviderKey("refund"),
    checkAfterMs,
  });
  return { kind: "booked", refund, payment: applied.payment };
}
