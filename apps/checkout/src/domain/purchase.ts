import type { Money, PurchaseLine, Shortage } from "./cart.ts";

/** One version of a cart, with the prices that it has. */
export interface PricedCart {
  readonly userId: bigint;
  readonly cartVersion: bigint;
  /** By SKU. */
  readonly lines: readonly PurchaseLine[];
  readonly total: Money;
}

/** What a buyer wants to order. Once stored it never changes. */
export interface PurchaseIntent extends PricedCart {
  readonly idempotencyKey: string;
}

/** What LOMS made of an intent. */
export type PlacedOrder =
  | { readonly status: "awaiting_payment"; readonly orderId: bigint }
  | { readonly status: "failed"; readonly orderId: bigint; readonly shortages: readonly Shortage[] };

export interface Purchase extends PurchaseIntent {
  /** Undefined as long as LOMS's answer is not recorded: the order may exist or not. */
  readonly order: PlacedOrder | undefined;
}
