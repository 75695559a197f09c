import type { Tx } from "@ordermesh/postgres/tx";
import type { PlacedOrder, PricedCart, PurchaseIntent } from "./domain/purchase.ts";
import { lockCarts, subtractLines, type UserLine, updateVersions } from "./sql/carts.ts";
import { findPending, insertIntents, type PurchaseId, updateOrders } from "./sql/purchases.ts";

/** A stored intent and what LOMS made of it. */
export interface PlacedPurchase {
  readonly intent: PurchaseIntent;
  readonly order: PlacedOrder;
}

/**
 * Stores what is going to be ordered, of many buyers in one transaction. Two round trips: lock the carts and store; then
 * commit.
 *
 * @returns undefined for a cart that has changed since it was read, because the intent would order what is no longer in
 * it, and for one of whose version an intent is stored already.
 */
export async function storeIntents(
  tx: Tx,
  carts: readonly PricedCart[],
): Promise<(PurchaseIntent | undefined)[]> {
  const first = new Map<string, PricedCart>();
  for (const cart of carts) {
    // Of two calls for one version the first one is stored: they may have seen different prices.
    first.set(nameOf(cart), first.get(nameOf(cart)) ?? cart);
  }
  const [, stored] = await Promise.all([
    lockCarts(tx, distinctUsers(carts)),
    insertIntents(tx, [...first.values()]),
  ]);
  const keys = new Map(stored.map((intent) => [nameOf(intent), intent.idempotencyKey]));
  return carts.map((cart) => {
    const idempotencyKey = first.get(nameOf(cart)) === cart ? keys.get(nameOf(cart)) : undefined;
    return idempotencyKey === undefined ? undefined : { ...cart, idempotencyKey };
  });
}

/**
 * Records orders and takes what they have from the carts, of many buyers in one transaction; what another call has
 * recorded already is left alone. Two round trips: lock the carts and look; then write and commit.
 */
export async function recordOrders(tx: Tx, placed: readonly PlacedPurchase[]): Promise<undefined[]> {
  const intents = placed.map(({ intent }) => intent);
  const [locked, pending] = await Promise.all([
    lockCarts(tx, distinctUsers(intents)),
    findPending(tx, distinct(intents)),
  ]);
  const versions = new Map(locked.map(({ userId, version }) => [userId, version]));
  const open = new Set(pending.map(nameOf));
  const recorded = distinct(placed.map(({ intent, order }) => ({ ...intent, order }))).flatMap((purchase) => {
    const version = versions.get(purchase.userId);
    if (version === undefined || !open.has(nameOf(purchase))) {
      return [];
    }
    // Also after a failed order: the next attempt is a new intent, because stock may have come meanwhile.
    const versionAfter = version + 1n;
    versions.set(purchase.userId, versionAfter);
    return [{ ...purchase, versionAfter }];
  });
  const ordered = recorded.filter(({ order }) => order.status === "awaiting_payment");
  // Subtracted and not emptied, because the buyer may have added something since the intent was stored.
  subtractLines(tx, sumsOf(ordered));
  updateOrders(tx, recorded);
  updateVersions(
    tx,
    distinctUsers(recorded).map((userId) => ({ userId, version: versions.get(userId) ?? 0n })),
  );
  return placed.map(() => undefined);
}

function nameOf({ userId, cartVersion }: PurchaseId): string {
  return `${userId}/${cartVersion}`;
}

function distinct<Purchase extends PurchaseId>(purchases: readonly Purchase[]): Purchase[] {
  return [...new Map(purchases.map((purchase) => [nameOf(purchase), purchase])).values()];
}

function distinctUsers(purchases: readonly { readonly userId: bigint }[]): bigint[] {
  return [...new Set(purchases.map(({ userId }) => userId))];
}

/** Two versions of one cart may have become orders: what both have is taken out at once. */
function sumsOf(purchases: readonly PricedCart[]): UserLine[] {
  const sums = new Map<string, UserLine>();
  for (const { userId, lines } of purchases) {
    for (const { sku, quantity } of lines) {
      const name = `${userId}/${sku}`;
      sums.set(name, { userId, sku, quantity: (sums.get(name)?.quantity ?? 0) + quantity });
    }
  }
  return [...sums.values()];
}
