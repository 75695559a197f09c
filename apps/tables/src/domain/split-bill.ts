/** What one of those who pay a bill owes. */
export interface ShareDraft {
  /** Undefined: whoever pays it. */
  readonly guestId: bigint | undefined;
  /** More than 0, in minor units. */
  readonly amountMinor: bigint;
}

/** An order as far as dividing goes. */
export interface BilledOrder {
  /** Undefined for what was ordered for the table. */
  readonly guestId: bigint | undefined;
  readonly totalMinor: bigint;
}

/**
 * Divides a total into so many shares that differ by one minor unit at most, the larger ones first. Shares of nothing are
 * left out: nobody can pay them.
 */
export function splitEvenly(totalMinor: bigint, shares: number): ShareDraft[] {
  const count = BigInt(shares);
  const [base, larger] = [totalMinor / count, totalMinor % count];
  const drafts = Array.from({ length: shares }, (_, index) => ({
    guestId: undefined,
    amountMinor: BigInt(index) < larger ? base + 1n : base,
  }));
  return drafts.filter(isOfSomething);
}

/**
 * One share for each guest who has orders: what they cost. What was ordered for the table is a share of nobody. In the
 * order in which the guests came, the table first; shares of nothing are left out.
 */
export function splitByGuest(orders: readonly BilledOrder[]): ShareDraft[] {
  const sums = new Map<bigint | undefined, bigint>();
  for (const { guestId, totalMinor } of orders) {
    sums.set(guestId, (sums.get(guestId) ?? 0n) + totalMinor);
  }
  return [...sums]
    .map(([guestId, amountMinor]) => ({ guestId, amountMinor }))
    .filter(isOfSomething)
    .sort((one, other) => ((one.guestId ?? 0n) < (other.guestId ?? 0n) ? -1 : 1));
}

function isOfSomething({ amountMinor }: ShareDraft): boolean {
  return amountMinor > 0n;
}
