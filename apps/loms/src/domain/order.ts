/** The words of this service. Everything is read-only; ids are bigint because their wire type is int64. */

export const orderStatuses = [
  "new",
  "awaiting_payment",
  "failed",
  "paid",
  "canceled",
  "shipment_held",
  "shipped",
  "completed",
  "awaiting_settlement",
  "settled",
  "confirmed",
  "delivered",
  "placed",
  "accepted",
  "preparing",
  "served",
  "declined",
] as const;

export type OrderStatus = (typeof orderStatuses)[number];
export type CancelReason =
  | "requested"
  | "payment_deadline"
  | "refunded"
  | "expired"
  | "declined"
  | "session_closed";

/** Names of the workflows that an order can have. */
export const orderWorkflows = ["product", "service", "simple", "table"] as const;
export type OrderWorkflow = (typeof orderWorkflows)[number];

/** Something that the buyer was shown about a line. */
export interface LineAttribute {
  readonly name: string;
  readonly value: string;
}

export interface OrderLine {
  readonly sku: number;
  readonly quantity: number;
  readonly name: string;
  /** Undefined if the caller gave no price. */
  readonly unitPriceMinor: number | undefined;
  /** Undefined if the caller gave none. */
  readonly attributes?: readonly LineAttribute[] | undefined;
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

/** How an order's life goes on: it stays with the definition that it began with. */
export interface PinnedWorkflow {
  readonly name: OrderWorkflow;
  readonly version: number;
}

export interface Order {
  readonly id: bigint;
  readonly userId: bigint;
  readonly status: OrderStatus;
  readonly version: number;
  readonly workflow: PinnedWorkflow;
  readonly lines: readonly OrderLine[];
  readonly total: Total | undefined;
  readonly createdAt: Date;
  /** Undefined if there is no such time, as at a table. */
  readonly paymentDueAt: Date | undefined;
  readonly cancelReason: CancelReason | undefined;
  readonly shortages: readonly Shortage[];
  /** Of finished refunds. */
  readonly refundedMinor: number;
  /** Of an order at a table, where it was asked for. */
  readonly table?: TableReference | undefined;
}

/** An order as it decides over actions: without its lines and its table. */
export interface OrderHead extends Omit<Order, "lines" | "table"> {
  /** The version at which it came into its status: what timers of that status name. */
  readonly step: number;
  /** By the database's clock. */
  readonly isPastDeadline: boolean;
}

export interface OrderStatusChange {
  readonly version: number;
  readonly status: OrderStatus;
  readonly cancelReason: CancelReason | undefined;
  readonly changedAt: Date;
  /** Who did what; undefined for the two steps with which an order begins. */
  readonly role?: string | undefined;
  readonly action?: string | undefined;
  /** The item that it was about. */
  readonly sku?: number | undefined;
}

/** At which table an order was placed, and for whom. */
export interface TableReference {
  readonly locationId: bigint;
  readonly sessionId: bigint;
  readonly guestNickname: string;
  /** Who placed it, if that was staff; else 0. */
  readonly staffUserId: bigint;
  /** For the kitchen. */
  readonly note: string;
}

/** Where a parcel goes. */
export interface ShippingAddress {
  readonly recipient: string;
  readonly lines: readonly string[];
  readonly postalCode: string;
  readonly city: string;
  readonly countryCode: string;
  readonly phone: string;
}
