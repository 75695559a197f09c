import type { Tx } from "@ordermesh/postgres/tx";
import { billShareHasNoPayment, otherAmount, refusal } from "./domain/failures.ts";
import type { Payment, Refund } from "./domain/payment.ts";
import type { PaymentDesk } from "./pay.ts";
import { collectChanges } from "./payment-changes.ts";
import { nothingNew } from "./record-outcome.ts";
import { insertBillPayment, lockPaymentOfShare } from "./sql/bill-payments.ts";
import { findPayment, updatePayments } from "./sql/payments.ts";
import { findRefunds } from "./sql/refunds.ts";

export interface BillPaymentDraft {
  /** The tables service's id of the share. */
  readonly billShareId: bigint;
  /** Who pays it. */
  readonly userId: bigint;
  readonly currencyCode: string;
  /** More than 0. */
  readonly amountMinor: bigint;
}

/**
 * The payment of a bill share, which is made if there is none. A share that nobody has paid yet may be taken over by
 * another guest: cards' tokens belong to whom they were made for.
 *
 * @throws Failure `failed_precondition` if the share's payment is of another amount.
 */
export async function createBillPayment(
  { database }: PaymentDesk,
  draft: BillPaymentDraft,
): Promise<Payment> {
  return await database.transaction(async (tx) => {
    const made = await insertBillPayment(tx, draft);
    if (made !== undefined) {
      return made;
    }
    const payment = await lockExisting(tx, draft.billShareId);
    if (payment.amountMinor !== draft.amountMinor || payment.currencyCode !== draft.currencyCode) {
      throw otherAmount(payment);
    }
    const isFree = payment.status === "requires_payment" || payment.status === "declined";
    if (payment.userId === draft.userId || !isFree) {
      return payment;
    }
    const taken = { ...payment, userId: draft.userId, version: payment.version + 1 };
    updatePayments(tx, [{ payment: taken, event: `user ${draft.userId} is to pay` }]);
    return taken;
  });
}

/**
 * Ends the payment of a bill share. What the provider is deciding about is decided, and goes back if it is captured; so
 * does what is captured already.
 *
 * @throws Failure `not_found`, or `failed_precondition` if there is money and it is not to be given back.
 */
export async function cancelBillPayment(
  { database, onRecorded }: PaymentDesk,
  request: { readonly billShareId: bigint; readonly givesBack: boolean; readonly traceparent: string },
): Promise<{ readonly payment: Payment; readonly refunds: readonly Refund[]; readonly changed: boolean }> {
  const { billShareId, givesBack, traceparent } = request;
  const { id, changed, refundsBegun } = await database.transaction(async (tx) => {
    const payment = await lockExisting(tx, billShareId);
    const changes = collectChanges(tx);
    const { decision } = changes.apply(
      payment,
      { kind: "bill_voided", givesBack },
      { text: "bill share is not to be paid any more", traceparent },
    );
    if (decision.kind === "refused") {
      throw refusal(payment, decision.reason);
    }
    return { id: payment.id, changed: decision.kind === "move", refundsBegun: await changes.write() };
  });
  onRecorded({ ...nothingNew, refundsBegun });
  return await database.read(async (db) => {
    const payment = await findPayment(db, { paymentId: id });
    if (payment === undefined) {
      throw new Error(`Payment ${id} is not stored.`);
    }
    return { payment, refunds: await findRefunds(db, id), changed };
  });
}

async function lockExisting(tx: Tx, billShareId: bigint): Promise<Payment> {
  const payment = await lockPaymentOfShare(tx, billShareId);
  if (payment === undefined) {
    throw billShareHasNoPayment(billShareId);
  }
  return payment;
}
