import type { Tx } from "@ordermesh/postgres/tx";
import { collectChanges } from "./payment-changes.ts";
import type { CaptureState } from "./provider/provider.ts";
import { addRefundRequested, findAttempt, settleAttempt } from "./sql/attempts.ts";
import { lockPayment } from "./sql/payments.ts";
import { findRefund, settleRefund } from "./sql/refunds.ts";

/** What became of an attempt or refund. */
export interface Recorded {
  /** False if it was known before, or came too late to count. */
  readonly changed: boolean;
  /** Refunds that had to be begun because of it. */
  readonly refundsBegun: number;
  /** True if the provider has refused a refund for good that an order had asked for. */
  readonly orderRefundFailed: boolean;
}

export const nothingNew: Recorded = { changed: false, refundsBegun: 0, orderRefundFailed: false };

/** A capture that was decided. */
export type CaptureOutcome =
  | { readonly kind: "captured" }
  | { readonly kind: "declined"; readonly code: string };

/**
 * Why an attempt was declined that never reached the provider, or that the provider had not decided when nobody
 * wanted the money any more.
 */
export const interruptedCode = "interrupted";

/** The outcome that a provider's answer stands for; undefined while there is none. */
export function outcomeOf(state: CaptureState): CaptureOutcome | undefined {
  switch (state.kind) {
    case "captured":
    case "declined":
      return state;
    case "voided":
      return { kind: "declined", code: interruptedCode };
    case "pending":
      return undefined;
  }
}

/**
 * Notes what became of an attempt: the answer of the call, the webhook, and the look-up afterwards all come through
 * here, in any order and any number, and the first one counts. Except that money which came counts whatever was said
 * before.
 */
export async function recordCapture(tx: Tx, attemptId: bigint, outcome: CaptureOutcome): Promise<Recorded> {
  const known = await findAttempt(tx, attemptId);
  const payment = known && (await lockPayment(tx, known.paymentId));
  // Read again under the payment's lock, which guards its attempts.
  const attempt = payment && (await findAttempt(tx, attemptId));
  if (payment === undefined || attempt === undefined) {
    throw new Error(`There is no attempt ${attemptId} of a payment.`);
  }
  if (attempt.status === "captured" || (attempt.status === "declined" && outcome.kind === "declined")) {
    return nothingNew;
  }
  const { traceparent, amountMinor } = attempt;
  const changes = collectChanges(tx);
  if (outcome.kind === "captured") {
    settleAttempt(tx, attemptId, "captured", "");
    changes.apply(
      payment,
      { kind: "attempt_captured", amountMinor },
      { text: `attempt ${attemptId} captured`, traceparent, patch: { declineCode: "" } },
    );
  } else {
    settleAttempt(tx, attemptId, "declined", outcome.code);
    changes.apply(
      payment,
      { kind: "attempt_declined" },
      {
        text: `attempt ${attemptId} declined: ${outcome.code}`,
        traceparent,
        patch: { declineCode: outcome.code },
      },
    );
  }
  return { ...nothingNew, changed: true, refundsBegun: await changes.write() };
}

/** How a refund ended at the provider. */
export type RefundOutcome =
  | { readonly kind: "succeeded" }
  | { readonly kind: "refused"; readonly code: string };

/** Notes what became of a refund; the first answer counts. */
export async function recordRefund(tx: Tx, refundId: bigint, outcome: RefundOutcome): Promise<Recorded> {
  const known = await findRefund(tx, refundId);
  const payment = known && (await lockPayment(tx, known.paymentId));
  const refund = payment && (await findRefund(tx, refundId));
  if (payment === undefined || refund === undefined) {
    throw new Error(`There is no refund ${refundId} of a payment.`);
  }
  if (refund.status !== "pending") {
    return nothingNew;
  }
  const { amountMinor, traceparent } = refund;
  const changes = collectChanges(tx);
  if (outcome.kind === "succeeded") {
    settleRefund(tx, refundId, "succeeded", "");
    changes.apply(
      payment,
      { kind: "refund_succeeded", amountMinor },
      { text: `refund ${refundId} made`, traceparent, refund: { ...refund, status: "succeeded" } },
    );
  } else {
    settleRefund(tx, refundId, "failed", outcome.code);
    addRefundRequested(tx, refund.attemptId, -amountMinor);
    changes.apply(
      payment,
      { kind: "refund_failed", amountMinor },
      {
        text: `refund ${refundId} refused: ${outcome.code}`,
        traceparent,
        refund: { ...refund, status: "failed", failureCode: outcome.code },
      },
    );
  }
  return {
    changed: true,
    refundsBegun: await changes.write(),
    orderRefundFailed: outcome.kind === "refused" && refund.orderRefundId !== undefined,
  };
}
