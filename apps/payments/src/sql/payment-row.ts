import type { OrderState, Payment, PaymentStatus, PaymentSubject } from "../domain/payment.ts";

/** A payment as the table has it. */
export interface PaymentRow {
  readonly id: bigint;
  readonly order_id: bigint | null;
  readonly bill_share_id: bigint | null;
  readonly user_id: bigint;
  readonly status: PaymentStatus;
  readonly version: number;
  readonly currency_code: string;
  readonly amount_minor: bigint;
  readonly captured_minor: bigint;
  readonly refund_requested_minor: bigint;
  readonly refunded_minor: bigint;
  readonly order_state: OrderState;
  readonly order_version: number;
  readonly attempts: number;
  readonly decline_code: string;
  readonly created_at: Date;
  readonly payment_due_at: Date | null;
}

export const paymentColumns = `id, order_id, bill_share_id, user_id, status, version, currency_code, amount_minor, captured_minor,
  refund_requested_minor, refunded_minor, order_state, order_version, attempts, decline_code, created_at,
  payment_due_at`;

export function paymentOf(row: PaymentRow): Payment {
  return {
    id: row.id,
    subject: subjectOf(row),
    userId: row.user_id,
    status: row.status,
    version: row.version,
    currencyCode: row.currency_code,
    amountMinor: row.amount_minor,
    capturedMinor: row.captured_minor,
    refundRequestedMinor: row.refund_requested_minor,
    refundedMinor: row.refunded_minor,
    orderState: row.order_state,
    orderVersion: row.order_version,
    attempts: row.attempts,
    declineCode: row.decline_code,
    createdAt: row.created_at,
    paymentDueAt: row.payment_due_at ?? undefined,
  };
}

function subjectOf({ id, order_id, bill_share_id }: PaymentRow): PaymentSubject {
  if (order_id !== null) {
    return { kind: "order", id: order_id };
  }
  if (bill_share_id === null) {
    throw new Error(`Payment ${id} is for nothing.`);
  }
  return { kind: "bill_share", id: bill_share_id };
}
