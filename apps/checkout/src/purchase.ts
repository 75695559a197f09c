import { Failure } from "@ordermesh/failure/failure";
import type { Database } from "@ordermesh/postgres/database";
import type { Tx } from "@ordermesh/postgres/tx";
import type { Call } from "@ordermesh/rpc/call";
import { withProducts } from "./cart.ts";
import type { CartDesk } from "./cart-desk.ts";
import type { Cart, Money } from "./domain/cart.ts";
import { orderable } from "./domain/cart-total.ts";
import { cartChanged, cartEmpty, cartVersionReused, insufficientStock } from "./domain/failures.ts";
import type { PlacedOrder, PricedCart, Purchase, PurchaseIntent } from "./domain/purchase.ts";
import type { ProductCache } from "./product-cache.ts";
import { lockCarts, readCarts, updateVersions } from "./sql/carts.ts";
import { deleteIntent, findPurchase, findPurchaseBefore } from "./sql/purchases.ts";
import type { Loms } from "./upstream/loms.ts";

export interface PurchaseParts {
  readonly database: Database;
  readonly desk: CartDesk;
  readonly products: ProductCache;
  readonly loms: Loms;
}

export interface Purchased {
  readonly orderId: bigint;
  readonly total: Money;
  /** True if this version of the cart had been ordered before. */
  readonly replayed: boolean;
}

/** How often the cart may change under a purchase before the caller is told. */
const triesMax = 5;

/**
 * Orders what is in the cart: one version of the cart becomes one order, however often and from how many places at the
 * same time this is called, and whatever dies in between.
 *
 * What is going to be ordered is stored before LOMS is asked, and is recorded as ordered in the transaction that
 * empties the cart. A purchase that got no further than the first is picked up by the next call for its version, with
 * the very request that was stored, so that LOMS knows it again. If the buyer changes the cart instead, that is a new
 * version and a new order: the former one, if LOMS had made it, expires unpaid. No transaction is open while LOMS or
 * the catalogue is asked.
 *
 * @param cartVersion the version that the buyer saw; 0 is whatever is in the cart.
 * @throws Failure `failed_precondition` when the cart is empty, a SKU has left the catalogue, or stock was short (then
 * the order exists as failed, and the lines stay in the cart); `aborted` when the cart is not at that version. What
 * LOMS or the catalogue fail with keeps its kind.
 */
export async function purchase(
  parts: PurchaseParts,
  userId: bigint,
  cartVersion: bigint,
  call: Call,
): Promise<Purchased> {
  const { desk, products } = parts;
  for (let attempt = 1; attempt <= triesMax; attempt += 1) {
    const found = await findCartOrPurchase(parts, userId, cartVersion, call);
    if (found.kind === "purchase") {
      return await completePurchase(parts, found.purchase, call);
    }
    const priced = orderable(await withProducts(products, found.cart.lines, call));
    const cart: PricedCart = { userId, cartVersion: found.cart.version, ...priced };
    const intent = await desk.storeIntent(cart, call);
    if (intent !== undefined) {
      return await completePurchase(parts, { ...intent, order: undefined }, call);
    }
  }
  const { version } = await desk.read(userId, call);
  throw cartChanged(version);
}

type Found =
  | { readonly kind: "cart"; readonly cart: Cart }
  | { readonly kind: "purchase"; readonly purchase: Purchase };

/** Finds what the wanted version became, or what is in the cart if it became nothing yet. */
async function findCartOrPurchase(
  { database, desk }: PurchaseParts,
  userId: bigint,
  wantedVersion: bigint,
  call: Call,
): Promise<Found> {
  const { version, lines, isBeingOrdered } = await desk.read(userId, call);
  const isWanted = wantedVersion === 0n || wantedVersion === version;
  return isWanted && !isBeingOrdered && lines.length > 0
    ? { kind: "cart", cart: { version, lines } }
    : await database.transaction((tx) => findUnderLock(tx, userId, wantedVersion));
}

/** As above where it is not plain: a purchase is repeated, or somebody else changes the cart at the same time. */
async function findUnderLock(tx: Tx, userId: bigint, wantedVersion: bigint): Promise<Found> {
  const [locked] = await lockCarts(tx, [userId]);
  const version = locked?.version ?? 0n;
  const wanted = wantedVersion === 0n ? version : wantedVersion;
  const known = await findPurchase(tx, userId, wanted);
  if (known !== undefined) {
    return { kind: "purchase", purchase: known };
  }
  if (wanted !== version) {
    throw cartChanged(version);
  }
  const lines = (await readCarts(tx, [userId])).get(userId)?.lines ?? [];
  if (lines.length > 0) {
    return { kind: "cart", cart: { version, lines } };
  }
  // A second click that comes late finds the cart as the first one has left it.
  const last = await findPurchaseBefore(tx, userId, version);
  if (last?.order?.status !== "awaiting_payment") {
    throw cartEmpty();
  }
  return { kind: "purchase", purchase: last };
}

/** Has LOMS make the order of a stored intent and records it, unless that has been done, and tells the outcome. */
async function completePurchase(parts: PurchaseParts, stored: Purchase, call: Call): Promise<Purchased> {
  if (stored.order !== undefined) {
    return outcome(stored, stored.order, true);
  }
  const { order, replayed } = await placeOrder(parts, stored, call);
  await parts.desk.recordOrder({ intent: stored, order });
  return outcome(stored, order, replayed);
}

async function placeOrder({ database, loms }: PurchaseParts, intent: PurchaseIntent, call: Call) {
  try {
    return await loms.createOrder(intent, call);
  } catch (error) {
    if (error instanceof Failure && isFinal(error)) {
      await database.transaction((tx) => withdrawIntent(tx, intent));
      throw error.reason === "IDEMPOTENCY_KEY_REUSED" ? cartVersionReused(error) : error;
    }
    throw error;
  }
}

/** LOMS has answered that it will never make this order: asking again would keep the cart from ever being ordered. */
function isFinal({ kind }: Failure): boolean {
  return kind === "invalid_argument" || kind === "failed_precondition";
}

async function withdrawIntent(tx: Tx, intent: PurchaseIntent): Promise<void> {
  const { userId, cartVersion } = intent;
  const [cart] = await lockCarts(tx, [userId]);
  const stored = await findPurchase(tx, userId, cartVersion);
  if (cart !== undefined && stored !== undefined && stored.order === undefined) {
    deleteIntent(tx, intent);
    updateVersions(tx, [{ userId, version: cart.version + 1n }]);
  }
}

/** @throws Failure `failed_precondition` with the shortages if the order failed. */
function outcome({ total }: PurchaseIntent, order: PlacedOrder, replayed: boolean): Purchased {
  if (order.status === "failed") {
    throw insufficientStock(order.shortages, order.orderId);
  }
  return { orderId: order.orderId, total, replayed };
}
