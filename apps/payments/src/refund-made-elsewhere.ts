import type { Tx } from "@ordermesh/postgres/tx";
import type { Refund } from "./domain/payment.ts";
import { collectChanges } from "./payment-changes.ts";
import { addRefundRequested, findAttempt } from "./sql/attempts.ts";
import { lockPayment } from "./sql/payments.ts";
import { insertRefund } from "./sql/refunds.ts";

/**
 * Books a refund that somebody has made at the provider, without us. It is still to be recorded as made.
 *
 * @returns undefined if all of that capture is being given back already: then it is one of ours that comes under
 * another name, or more than there was, which is for `verify` to tell.
 */
export async function requestRefundMadeElsewhere(
  tx: Tx,
  attemptId: bigint,
  providerKey: string,
  amountMinor: bigint,
): Promise<Refund | undefined> {
  const known = await findAttempt(tx, attemptId);
  const payment = known && (await lockPayment(tx, known.paymentId));
  const attempt = payment && (await findAttempt(tx, attemptId));
  if (payment === undefined || attempt === undefined) {
    throw new Error(`There is no attempt ${attemptId} of a payment.`);
  }
  if (amountMinor > attempt.amountMinor - attempt.refundRequestedMinor) {
    return undefined;
  }
  const { traceparent } = attempt;
  const changes = collectChanges(tx);
  const { decision } = changes.apply(
    payment,
    { kind: "refund_requested", amountMinor },
    { text: `refund of ${amountMinor} was made at the provider`, traceparent },
  );
  if (decision.kind !== "move") {
    return undefined;
  }
  addRefundRequested(tx, attemptId, amountMinor);
  const refund = await insertRefund(tx, {
    paymentId: payment.id,
    attemptId,
    providerKey,
    amountMinor,
    reason: "made_at_provider",
    note: "",
    traceparent,
    checkAfterMs: 0,
    orderRefundId: undefined,
  });
  await changes.write();
  return refund;
}
