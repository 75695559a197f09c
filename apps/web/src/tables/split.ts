import type { Bill, SessionOrder, TableSession } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import type { Money } from "@ordermesh/proto/ordermesh/type/v1/money_pb";
import { sumOf } from "./order-steps.ts";
import { guestName } from "./session-changes.ts";

/** What somebody would owe. */
export interface PlannedShare {
  readonly guestId: bigint;
  readonly name: string;
  readonly amount: Money | undefined;
}

/** As the service divides by guest: in the order in which they came. Shares of nothing are left out. */
export function planByGuest(session: TableSession, orders: readonly SessionOrder[]): readonly PlannedShare[] {
  return session.guests
    .map(({ guestId }) => ({
      guestId,
      name: guestName(session, guestId),
      amount: sumOf(orders.filter((order) => order.guestId === guestId).map(({ total }) => total)),
    }))
    .filter(({ amount }) => amount !== undefined && amount.amountMinor > 0n);
}

/** As the service divides evenly: what does not divide is spread over the first ones. */
export function planEvenly(total: Money | undefined, count: number): readonly (Money | undefined)[] {
  if (total === undefined || count < 1) {
    return [];
  }
  const shares = BigInt(count);
  const [base, larger] = [total.amountMinor / shares, total.amountMinor % shares];
  return Array.from({ length: count }, (_, index) => ({
    ...total,
    amountMinor: BigInt(index) < larger ? base + 1n : base,
  }));
}

/** How many people sit at a table, at least one. */
export function peopleAtTable({ guests }: TableSession): number {
  return Math.max(1, guests.filter(({ isTable, isRemoved }) => !isTable && !isRemoved).length);
}

/** "Ana", "The table", or "1 of 3". */
export function shareName(session: TableSession, bill: Bill, index: number): string {
  const guestId = bill.shares[index]?.guestId ?? 0n;
  if (guestId !== 0n) {
    return guestName(session, guestId);
  }
  const isByGuest = bill.shares.some((share) => share.guestId !== 0n);
  return isByGuest || bill.shares.length === 1 ? "The table" : `Share ${index + 1} of ${bill.shares.length}`;
}
