/** The words of this service. Everything is read-only; amounts are in minor units of the payment's currency. */

export type PaymentStatus =
  | "requires_payment"
  | "processing"
  | "captured"
  | "declined"
  | "partially_refunded"
  | "refunded"
  | "canceled";

/**
 * What the order's events said last. `paid_otherwise`: it was paid while nothing was captured here. A bill share awaits
 * payment until it is `bill_voided`.
 */
export type OrderState =
  | "awaiting_payment"
  | "paid"
  | "paid_otherwise"
  | "canceled"
  | "expired"
  | "failed"
  | "bill_voided";

/** How an order ends without being paid. */
export type OrderEnd = "canceled" | "expired" | "failed";

export type CancelReason =
  | "order_canceled"
  | "order_expired"
  | "order_failed"
  | "paid_otherwise"
  /** The bill was taken back, or the share was settled without this service. */
  | "bill_voided";

export type RefundReason =
  | CancelReason
  | "requested"
  | "duplicate_capture"
  | "made_at_provider"
  /** The order asked for it. */
  | "order_refund";

export type RefundStatus = "pending" | "succeeded" | "failed";

export type AttemptStatus = "processing" | "captured" | "declined";

/** What decides what may happen to a payment. */
export interface PaymentState {
  readonly status: PaymentStatus;
  readonly orderState: OrderState;
  /** The order's total, or the bill share. */
  readonly amountMinor: bigint;
  /** Over all attempts. */
  readonly capturedMinor: bigint;
  /** Refunds that were begun and have not failed. */
  readonly refundRequestedMinor: bigint;
  /** Refunds that the provider has confirmed. */
  readonly refundedMinor: bigint;
}

export interface Payment extends PaymentState {
  readonly id: bigint;
  readonly subject: PaymentSubject;
  readonly userId: bigint;
  readonly version: number;
  readonly currencyCode: string;
  /** The newest of the order's events that was applied. */
  readonly orderVersion: number;
  readonly attempts: number;
  /** Of the last attempt, if that was declined; else empty. */
  readonly declineCode: string;
  readonly createdAt: Date;
  /** Undefined for a bill share, which has no deadline. */
  readonly paymentDueAt: Date | undefined;
}

/** What a payment is for. */
export type PaymentSubject =
  | { readonly kind: "order"; readonly id: bigint }
  | { readonly kind: "bill_share"; readonly id: bigint };

/** For people: "order 17". */
export function nameOfSubject({ kind, id }: PaymentSubject): string {
  return `${kind === "order" ? "order" : "bill share"} ${id}`;
}

/** One try to capture. */
export interface Attempt {
  readonly id: bigint;
  readonly paymentId: bigint;
  readonly providerKey: string;
  readonly status: AttemptStatus;
  readonly declineCode: string;
  readonly amountMinor: bigint;
  readonly refundRequestedMinor: bigint;
  readonly traceparent: string;
}

export interface Refund {
  readonly id: bigint;
  readonly paymentId: bigint;
  readonly attemptId: bigint;
  readonly providerKey: string;
  readonly amountMinor: bigint;
  readonly status: RefundStatus;
  readonly reason: RefundReason;
  readonly note: string;
  readonly failureCode: string;
  readonly traceparent: string;
  readonly createdAt: Date;
  /** The order service's id of it, if the order asked for it. */
  readonly orderRefundId: bigint | undefined;
}

/** Why a payment was canceled, or its money is to be given back; undefined while the order wants to be paid by it. */
export function endReasonOf(orderState: OrderState): CancelReason | undefined {
  switch (orderState) {
    case "awaiting_payment":
    case "paid":
      return undefined;
    case "paid_otherwise":
      return "paid_otherwise";
    case "canceled":
      return "order_canceled";
    case "expired":
      return "order_expired";
    case "failed":
      return "order_failed";
    case "bill_voided":
      return "bill_voided";
  }
}
