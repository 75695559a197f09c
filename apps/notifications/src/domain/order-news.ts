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
  | { readonly kind: "paid" }
  | { readonly kind: "canceled"; readonly reason: "requested" | "payment_deadline" | "unknown" };

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
