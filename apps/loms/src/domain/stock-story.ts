import type { Hold, Resolution } from "./stock.ts";

/** Units that somebody holds, or held. */
export interface StockHold extends Hold {
  /** Undefined if it is a reservation, and no order. */
  readonly userId: bigint | undefined;
  readonly state: "held" | Resolution;
  readonly heldAt: Date;
  /** Undefined once it has ended. */
  readonly until: Date | undefined;
  /** Undefined while it is open. */
  readonly endedAt: Date | undefined;
  /** Units that were sold and came back. */
  readonly returned: number;
}

/** One line of a SKU's ledger. */
export interface StockMovement {
  readonly kind: "received" | "reserved" | Resolution | "returned";
  readonly warehouseId: bigint;
  readonly quantity: number;
  readonly orderId: bigint | undefined;
  readonly reservationId: bigint | undefined;
  readonly recordedAt: Date;
}

/** By how much a movement of one unit changes what is there, and what is promised. */
export const effectOf: Readonly<
  Record<StockMovement["kind"], { readonly onHand: -1 | 0 | 1; readonly reserved: -1 | 0 | 1 }>
> = {
  received: { onHand: 1, reserved: 0 },
  reserved: { onHand: 0, reserved: 1 },
  committed: { onHand: -1, reserved: -1 },
  released: { onHand: 0, reserved: -1 },
  expired: { onHand: 0, reserved: -1 },
  returned: { onHand: 1, reserved: 0 },
};

/** What there was at a moment. */
export interface StockTrendPoint {
  readonly time: Date;
  readonly onHand: number;
  readonly reserved: number;
}

/** How much changed in a quarter of an hour: 0 is the one that ends now. */
export interface StockChange {
  readonly quartersAgo: number;
  readonly onHand: number;
  readonly reserved: number;
}

export const quarterMs = 15 * 60_000;
export const trendQuarters = 96;

/** What there was at the end of each quarter of an hour, from what there is and what has changed since. Oldest first. */
export function trendOf(
  now: { readonly time: Date; readonly onHand: number; readonly reserved: number },
  changes: readonly StockChange[],
): StockTrendPoint[] {
  const byQuarter = new Map(changes.map((change) => [change.quartersAgo, change]));
  const points: StockTrendPoint[] = [];
  let { onHand, reserved } = now;
  for (let ago = 0; ago <= trendQuarters; ago += 1) {
    points.push({ time: new Date(now.time.getTime() - ago * quarterMs), onHand, reserved });
    onHand -= byQuarter.get(ago)?.onHand ?? 0;
    reserved -= byQuarter.get(ago)?.reserved ?? 0;
  }
  return points.reverse();
}
