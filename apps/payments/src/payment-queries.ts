import type { Queryable } from "@ordermesh/postgres/tx";
import { type Caller, mayTouch } from "./domain/caller.ts";
import { orderHasNoPayment, paymentNotFound } from "./domain/failures.ts";
import type { Payment, Refund } from "./domain/payment.ts";
import { findPayment, type PaymentName, listPayments as selectPayments } from "./sql/payments.ts";
import { findRefunds } from "./sql/refunds.ts";

/** @throws Failure `not_found`, also for somebody else's payment. */
export async function getPayment(
  db: Queryable,
  caller: Caller,
  name: PaymentName,
): Promise<{ readonly payment: Payment; readonly refunds: readonly Refund[] }> {
  const payment = await findPayment(db, name);
  if (payment === undefined || !mayTouch(caller, payment)) {
    throw "paymentId" in name ? paymentNotFound(name.paymentId) : orderHasNoPayment(name.orderId);
  }
  return { payment, refunds: await findRefunds(db, payment.id) };
}

export interface PaymentPage {
  readonly payments: readonly Payment[];
  /** Where the next page goes on; undefined on the last one. */
  readonly before: bigint | undefined;
}

/** One page, newest first. One more than the page is read, to know whether another page follows. */
export async function listPayments(
  db: Queryable,
  userId: bigint | undefined,
  before: bigint | undefined,
  pageSize: number,
): Promise<PaymentPage> {
  const found = await selectPayments(db, userId, before, pageSize + 1);
  const payments = found.slice(0, pageSize);
  return { payments, before: found.length > pageSize ? payments.at(-1)?.id : undefined };
}
