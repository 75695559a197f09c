/** What the payment service tells about an order. */
export interface PaymentNews {
  readonly kind: "captured" | "declined" | "refunded" | "canceled";
  readonly orderId: bigint;
  readonly paymentId: bigint;
  /** Grows with each change of the payment. */
  readonly version: number;
  /** The decline code, or why money was given back or the payment canceled; else empty. */
  readonly reason: string;
  readonly currencyCode: string;
  readonly capturedMinor: bigint;
  readonly refundedMinor: bigint;
}

/** What the payment service tells about a refund. */
export type RefundNews =
  /** The order had asked for it. */
  | { readonly kind: "refunded"; readonly orderId: bigint; readonly refundId: bigint }
  /** Somebody gave money back past the order. */
  | { readonly kind: "refunded_elsewhere"; readonly orderId: bigint; readonly amountMinor: number }
  /** The order had asked for it, and it can not be. */
  | {
      readonly kind: "failed";
      readonly orderId: bigint;
      readonly refundId: bigint;
      readonly failureCode: string;
    };

/** What was told of an order's payment so far. */
export interface PaymentSoFar {
  /** Of the newest news. */
  readonly version: number;
  readonly capturedMinor: bigint;
  readonly refundedMinor: bigint;
}

/**
 * Whether the news pays its order. A capture that is first heard of after its refund (a dead letter that was brought
 * back) does not: that money is gone again.
 */
export function paysOrder(news: PaymentNews, soFar: PaymentSoFar | undefined): boolean {
  if (news.kind !== "captured") {
    return false;
  }
  const isOvertaken = soFar !== undefined && soFar.version > news.version;
  return !isOvertaken || soFar.refundedMinor < soFar.capturedMinor;
}
