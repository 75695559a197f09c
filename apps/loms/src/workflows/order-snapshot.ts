import type { FlagName, RefundKind } from "./names.ts";

/** An order with its items and refunds, as its workflow sees it. Amounts are integers, in minor units. */
export interface OrderSnapshot {
  /** Code: "" before it exists, WP, FP … */
  readonly state: string;
  /** The version at which it came into that state: the step that its timers are tied to. */
  readonly since: number;
  /** The number of its history entries. */
  readonly version: number;
  readonly flags: readonly FlagName[];
  /** What was taken for it, 0 until it is paid, without what was given back otherwise than by its refunds below. */
  readonly capturedMinor: number;
  readonly items: readonly ItemSnapshot[];
  readonly facts: OrderFacts;
}

/** What the order's own tables do not say. */
export interface OrderFacts {
  /** Whether creation got all of its stock. */
  readonly stockIsReserved: boolean;
  /** By the database's clock. */
  readonly paymentIsInTime: boolean;
}

export interface ItemSnapshot {
  readonly sku: number;
  /** Price × quantity; 0 if the line has no price. */
  readonly lineTotalMinor: number;
  /** "" until the order is paid, then FP, WR, FR, CR. "" if the workflow has no machine for items. */
  readonly state: string;
  /** The latest refund; those before it ended without money. */
  readonly sheet?: SheetSnapshot;
  /** Of the item of a service order, from its payment on. */
  readonly voucher?: VoucherSnapshot;
}

/** One refund of an item: its sheet, as Easy Order called it. */
export interface SheetSnapshot {
  /** Counts 1, 2 … per item. */
  readonly number: number;
  /** Also the name of its machine. */
  readonly kind: RefundKind;
  readonly state: string;
  /** The version of the order at which it came into that state. */
  readonly since: number;
  /** What was asked for. */
  readonly amountMinor: number;
}

export interface VoucherSnapshot {
  /** What one use is worth: the rest of the price is what can be refunded. */
  readonly unitPriceMinor: number;
  readonly codes: number;
  readonly codesUsed: number;
  /** Whether the buyer may ask for a refund at any time. */
  readonly anytimeRefund: boolean;
  /** Whether what was not used in time is refunded. */
  readonly expirationRefund: boolean;
}

/** Whether a refund waits for somebody. */
export function isOpen({ state }: SheetSnapshot): boolean {
  return !["PFR", "CCR", "PCR", "SCR"].includes(state);
}
