import type { RefundKind } from "../workflows/names.ts";

/** One request for a refund of one item. */
export interface RefundSheet {
  /** The payment service knows the refund by it. */
  readonly id: bigint;
  readonly orderId: bigint;
  readonly sku: number;
  /** Counts 1, 2 … per item. */
  readonly number: number;
  /** Also the machine that it goes through. */
  readonly kind: RefundKind;
  /** Code: WSR, PPR, PFR … */
  readonly state: string;
  /** False once its state is final. */
  readonly isOpen: boolean;
  /** The version of the order at which it came into its state. */
  readonly step: number;
  readonly amountMinor: number;
  readonly reason: string;
  readonly memo: string;
  readonly pictureUrls: readonly string[];
  /** Of the parcel in which the goods came back. */
  readonly carrier: string;
  readonly trackingNumber: string;
  /** Why the payment service could not give the money back; empty if it has not said so. */
  readonly failureCode: string;
  readonly createdAt: Date;
  readonly changedAt: Date;
}
