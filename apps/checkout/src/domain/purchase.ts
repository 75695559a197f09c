import type { Money, PurchaseLine, Shortage } from "./cart.ts";

/** What a buyer wants to order: one version of the cart, with the prices that it had. It never changes. */
export interface PurchaseIntent {
  readonly userId: bigint;
  readonly cartVersion: bigint;
  readonly idempotencyKey: string;
  /** By SKU. */
  readonly lines: readonly PurchaseLine[];
  readonly total: Money;
}

/** What LOMS made of an intent. */
export type PlacedOrder =
  | { readonly status: "awaiting_payment"; readonly orderId: bigint }
  | { readonly status: "failed"; readonly orderId: bigint; readonly shortages: readonly Shortage[] };

export interface Purchase extends PurchaseIntent {
  /** Undefined as long as LOMS's answer is not recorded: the order may exist or not. */
  readonly order: PlacedOrder | undefined;
}
