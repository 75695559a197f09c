import type { FlagName } from "../workflows/names.ts";
import type { ShippingAddress } from "./order.ts";

/** What an order has beside its lines: where its parcel goes, and what its workflow notes. */
export interface Fulfillment {
  readonly orderId: bigint;
  readonly shippingAddress: ShippingAddress | undefined;
  /** In the currency of the order's total, of which it is no part. */
  readonly shippingFeeMinor: number | undefined;
  readonly carrier: string;
  readonly trackingNumber: string;
  readonly shippedAt: Date | undefined;
  /** What was given back for the order as a whole, by others than its refunds. */
  readonly refundedElsewhereMinor: number;
  /** Of the order's present state. */
  readonly flags: readonly FlagName[];
}

export function emptyFulfillment(orderId: bigint): Fulfillment {
  return {
    orderId,
    shippingAddress: undefined,
    shippingFeeMinor: undefined,
    carrier: "",
    trackingNumber: "",
    shippedAt: undefined,
    refundedElsewhereMinor: 0,
    flags: [],
  };
}
