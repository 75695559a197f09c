/** The words of this service. Everything is read-only; ids are bigint because their wire type is int64. */

export type OrderStatus = "new" | "awaiting_payment" | "failed" | "paid" | "canceled";
export type CancelReason = "requested" | "payment_deadline";

export interface OrderLine {
  readonly sku: number;
  readonly quantity: number;
  readonly name: string;
  /** Undefined if the caller gave no price. */
  readonly unitPriceMinor: number | undefined;
}

export interface Shortage {
  readonly sku: number;
  readonly requested: number;
  readonly available: number;
}

export interface Total {
  readonly currencyCode: string;
  readonly amountMinor: number;
}

export interface Order {
  readonly id: bigint;
  readonly userId: bigint;
  readonly status: OrderStatus;
  readonly version: number;
  readonly lines: readonly OrderLine[];
  readonly total: Total | undefined;
  readonly createdAt: Date;
  readonly paymentDueAt: Date;
  readonly cancelReason: CancelReason | undefined;
  readonly shortages: readonly Shortage[];
}

export interface OrderStatusChange {
  readonly version: number;
  readonly status: OrderStatus;
  readonly cancelReason: CancelReason | undefined;
  readonly changedAt: Date;
}
