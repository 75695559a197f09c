import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  PaymentCancelReason,
  type Payment as PaymentMessage,
  PaymentSchema,
  PaymentStatus as PaymentStatusMessage,
  type Refund as RefundMessage,
  RefundReason as RefundReasonMessage,
  RefundSchema,
  RefundStatus as RefundStatusMessage,
} from "@ordermesh/proto/ordermesh/payments/v1/payment_pb";
import { type Money, MoneySchema } from "@ordermesh/proto/ordermesh/type/v1/money_pb";
import {
  type CancelReason,
  endReasonOf,
  type Payment,
  type PaymentStatus,
  type Refund,
  type RefundReason,
  type RefundStatus,
} from "../domain/payment.ts";

/** The messages that calls and events share. */

const statuses: Readonly<Record<PaymentStatus, PaymentStatusMessage>> = {
  requires_payment: PaymentStatusMessage.REQUIRES_PAYMENT,
  processing: PaymentStatusMessage.PROCESSING,
  captured: PaymentStatusMessage.CAPTURED,
  declined: PaymentStatusMessage.DECLINED,
  partially_refunded: PaymentStatusMessage.PARTIALLY_REFUNDED,
  refunded: PaymentStatusMessage.REFUNDED,
  canceled: PaymentStatusMessage.CANCELED,
};

const cancelReasons: Readonly<Record<CancelReason, PaymentCancelReason>> = {
  order_canceled: PaymentCancelReason.ORDER_CANCELED,
  order_expired: PaymentCancelReason.ORDER_EXPIRED,
  order_failed: PaymentCancelReason.ORDER_FAILED,
  paid_otherwise: PaymentCancelReason.PAID_OTHERWISE,
  bill_voided: PaymentCancelReason.BILL_VOIDED,
};

const refundReasons: Readonly<Record<RefundReason, RefundReasonMessage>> = {
  requested: RefundReasonMessage.REQUESTED,
  order_canceled: RefundReasonMessage.ORDER_CANCELED,
  order_expired: RefundReasonMessage.ORDER_EXPIRED,
  order_failed: RefundReasonMessage.ORDER_FAILED,
  paid_otherwise: RefundReasonMessage.PAID_OTHERWISE,
  bill_voided: RefundReasonMessage.BILL_VOIDED,
  duplicate_capture: RefundReasonMessage.DUPLICATE_CAPTURE,
  made_at_provider: RefundReasonMessage.MADE_AT_PROVIDER,
  order_refund: RefundReasonMessage.ORDER_REFUND,
};

const refundStatuses: Readonly<Record<RefundStatus, RefundStatusMessage>> = {
  pending: RefundStatusMessage.PENDING,
  succeeded: RefundStatusMessage.SUCCEEDED,
  failed: RefundStatusMessage.FAILED,
};

export function statusMessage(status: PaymentStatus): PaymentStatusMessage {
  return statuses[status];
}

export function cancelReasonMessage(reason: CancelReason | undefined): PaymentCancelReason {
  return reason === undefined ? PaymentCancelReason.UNSPECIFIED : cancelReasons[reason];
}

export function money(currencyCode: string, amountMinor: bigint): Money {
  return create(MoneySchema, { currencyCode, amountMinor });
}

/** What a payment is for, as messages say it. */
export function subjectFields({ subject }: Pick<Payment, "subject">): {
  readonly orderId: bigint;
  readonly billShareId: bigint;
} {
  const { kind, id } = subject;
  return { orderId: kind === "order" ? id : 0n, billShareId: kind === "bill_share" ? id : 0n };
}

export function refundMessage(refund: Refund, currencyCode: string): RefundMessage {
  return create(RefundSchema, {
    refundId: refund.id,
    amount: money(currencyCode, refund.amountMinor),
    status: refundStatuses[refund.status],
    reason: refundReasons[refund.reason],
    note: refund.note,
    failureCode: refund.failureCode,
    createdTime: timestampFromDate(refund.createdAt),
    orderRefundId: refund.orderRefundId ?? 0n,
  });
}

export function paymentMessage(payment: Payment, refunds: readonly Refund[]): PaymentMessage {
  const { currencyCode } = payment;
  return create(PaymentSchema, {
    paymentId: payment.id,
    ...subjectFields(payment),
    userId: payment.userId,
    status: statuses[payment.status],
    amount: money(currencyCode, payment.amountMinor),
    captured: money(currencyCode, payment.capturedMinor),
    refunded: money(currencyCode, payment.refundedMinor),
    declineCode: payment.declineCode,
    cancelReason: cancelReasonMessage(
      payment.status === "canceled" ? endReasonOf(payment.orderState) : undefined,
    ),
    attempts: payment.attempts,
    createdTime: timestampFromDate(payment.createdAt),
    ...(payment.paymentDueAt !== undefined && { paymentDueTime: timestampFromDate(payment.paymentDueAt) }),
    version: payment.version,
    refunds: refunds.map((refund) => refundMessage(refund, currencyCode)),
  });
}
