/** `placing`: LOMS is being asked for it, and nobody is shown it. The others are the states of the table workflow. */
export type SessionOrderStatus =
  | "placing"
  | "placed"
  | "accepted"
  | "preparing"
  | "served"
  | "paid"
  | "declined"
  | "canceled";

export interface SessionOrderLine {
  readonly sku: number;
  readonly quantity: number;
  /** As they were when the order was placed. */
  readonly name: string;
  readonly unitPriceMinor: bigint;
  readonly note: string;
}

export interface SessionOrder {
  /** Of the row; names the order towards LOMS. */
  readonly id: bigint;
  readonly sessionId: bigint;
  readonly guestId: bigint;
  readonly staffUserId: bigint | undefined;
  readonly lines: readonly SessionOrderLine[];
  readonly note: string;
  readonly totalMinor: bigint;
  /** Undefined while it is being placed. */
  readonly orderId: bigint | undefined;
  readonly status: SessionOrderStatus;
  /** Of the order in LOMS; 0 while it is being placed. */
  readonly version: number;
  readonly reason: string;
  readonly billId: bigint | undefined;
  readonly placedAt: Date;
  readonly changedAt: Date;
}

/** An order that LOMS has. */
export type PlacedOrder = SessionOrder & { readonly orderId: bigint };

export function isPlaced(order: SessionOrder): order is PlacedOrder {
  return order.orderId !== undefined;
}

/** Where an order stands, as LOMS tells it. */
export interface OrderState {
  readonly status: Exclude<SessionOrderStatus, "placing">;
  readonly version: number;
  readonly reason: string;
}

/** What the kitchen still has to do something about. */
export const unservedStatuses = ["placed", "accepted", "preparing"] as const satisfies SessionOrderStatus[];

export function isUnserved(status: SessionOrderStatus): boolean {
  return (unservedStatuses as readonly SessionOrderStatus[]).includes(status);
}

/** What nobody pays for. */
export function counts({ status }: SessionOrder): boolean {
  return status !== "placing" && status !== "declined" && status !== "canceled";
}

export function totalOf(lines: readonly SessionOrderLine[]): bigint {
  return lines.reduce((sum, { quantity, unitPriceMinor }) => sum + BigInt(quantity) * unitPriceMinor, 0n);
}
