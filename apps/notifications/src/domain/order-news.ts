/** What an order event tells, as far as its buyer is concerned. */
export interface OrderNews {
  readonly change: OrderChange;
  readonly orderId: bigint;
  readonly userId: bigint;
  readonly lines: readonly NewsLine[];
  /** Undefined if no line has a price. */
  readonly total: Price | undefined;
}

export type OrderChange =
  | { readonly kind: "created" }
  | { readonly kind: "awaiting_payment"; readonly paymentDueAt: Date | undefined }
  | { readonly kind: "failed"; readonly shortages: readonly Shortage[] }
  /** `voucher`: of an order for something that is used with codes. */
  | { readonly kind: "paid"; readonly voucher?: VoucherNews | undefined }
  | { readonly kind: "canceled"; readonly reason: CancelReason }
  | { readonly kind: "shipped"; readonly carrier: string; readonly trackingNumber: string }
  | { readonly kind: "delivered" }
  | { readonly kind: "completed" }
  /** A refund is agreed: its money is under way. */
  | { readonly kind: "refund_granted"; readonly refund: RefundNews }
  | { readonly kind: "refund_finished"; readonly refund: RefundNews }
  /** Somebody other than the buyer has moved a refund on. */
  | {
      readonly kind: "refund_moved";
      readonly to: RefundStep;
      readonly refund: RefundNews;
      readonly memo: string;
    }
  | {
      readonly kind: "changed_by_seller";
      readonly what: "shipping_address" | "shipping_fee" | "reception_time";
    };

export type CancelReason = "requested" | "payment_deadline" | "refunded" | "expired" | "declined" | "unknown";

/** Where a refund has come to without its buyer, who is to know of it. */
export type RefundStep =
  | "rejected"
  | "send_back"
  | "customer_service"
  | "closed_by_platform"
  | "closed_for_silence"
  | "overtaken_by_shipping";

export interface RefundNews {
  /** The line that it is about; 0: the order as a whole. */
  readonly sku: number;
  /** Undefined if the order has no prices. */
  readonly amount: Price | undefined;
  /** Because codes were not used in time, and not because somebody asked. */
  readonly isForExpiredCodes: boolean;
}

export interface VoucherNews {
  readonly codes: number;
  readonly validUntil: Date;
  /** Where the first code goes. Empty: nowhere. */
  readonly mobile: string;
  /** Encrypted. */
  readonly sealedFirstCode: Uint8Array;
}

export interface NewsLine {
  readonly sku: number;
  readonly quantity: number;
  /** Empty if the caller of the order service gave none. */
  readonly name: string;
  readonly unitPrice: Price | undefined;
}

export interface Price {
  readonly currencyCode: string;
  readonly amountMinor: bigint;
}

export interface Shortage {
  readonly sku: number;
  readonly requested: number;
  readonly available: number;
}
