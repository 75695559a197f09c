import type { Call } from "@ordermesh/rpc/call";
import type { CartDesk } from "./cart-desk.ts";
import type { CartEdit, EditOutcome } from "./cart-edits.ts";
import type { CartLine, ListedLine, Money } from "./domain/cart.ts";
import { totalsByCurrency } from "./domain/cart-total.ts";
import { insufficientStock, menuItemsInCart, skuNotFound } from "./domain/failures.ts";
import type { ProductCache } from "./product-cache.ts";
import type { Loms } from "./upstream/loms.ts";

/** What an edit of a cart needs. */
export interface CartParts {
  readonly desk: CartDesk;
  readonly loms: Loms;
  readonly products: ProductCache;
}

/** Units of one SKU, in or out of one user's cart. */
export interface CartChange extends CartLine {
  readonly userId: bigint;
}

/**
 * Sets how many units of a SKU are in the cart, after asking LOMS whether so many are available: a hint for the buyer,
 * no promise.
 *
 * @returns the cart's version, which does not move if the cart was like this already.
 * @throws Failure `not_found` when no warehouse knows the SKU, `failed_precondition` when it is of a menu, too little is
 * available, or the cart has 1,000 SKUs already.
 */
export async function addToCart(
  { desk, ...upstreams }: CartParts,
  { userId, sku, quantity }: CartChange,
  call: Call,
): Promise<bigint> {
  const available = await availableUnits(upstreams, sku, call);
  if (available < quantity) {
    throw insufficientStock([{ sku, requested: quantity, available }]);
  }
  const { version } = done(await desk.edit({ kind: "set", userId, sku, quantity }, call));
  return version;
}

/**
 * Adds units of a SKU to those in the cart, whoever else changes it at the same time. LOMS is asked for the sum, as it
 * is before.
 *
 * @throws Failure as addToCart does, and `failed_precondition` when the sum is above what a line may have.
 */
export async function increaseInCart(
  { desk, ...upstreams }: CartParts,
  { userId, sku, quantity }: CartChange,
  call: Call,
): Promise<{ readonly version: bigint; readonly quantity: number }> {
  const available = await availableUnits(upstreams, sku, call);
  const edit: CartEdit = { kind: "increase", userId, sku, quantity, available };
  return done(await desk.edit(edit, call));
}

/**
 * Takes units of a SKU out of the cart; the line goes when none is left.
 *
 * @returns the cart's version, which does not move if the SKU was not in the cart.
 */
export async function deleteFromCart(
  { desk }: { readonly desk: CartDesk },
  { userId, sku, quantity }: CartChange,
  call: Call,
): Promise<bigint> {
  return done(await desk.edit({ kind: "delete", userId, sku, quantity }, call)).version;
}

async function availableUnits(
  { loms, products }: Omit<CartParts, "desk">,
  sku: number,
  call: Call,
): Promise<number> {
  const { known, available } = await loms.getAvailability(sku, call);
  if (!known) {
    throw (await isMenuItem(products, sku, call)) ? menuItemsInCart([sku]) : skuNotFound(sku);
  }
  return available;
}

/** Only asked to say why no warehouse knows a SKU, so that a catalogue that is away changes nothing. */
async function isMenuItem(products: ProductCache, sku: number, call: Call): Promise<boolean> {
  try {
    return (await products.find([sku], call)).get(sku)?.isMenuItem ?? false;
  } catch {
    return false;
  }
}

/** @throws Failure why the edit was refused. */
function done(outcome: EditOutcome): EditOutcome & { readonly kind: "done" } {
  if (outcome.kind === "refused") {
    throw outcome.failure;
  }
  return outcome;
}

export interface ListedCart {
  readonly version: bigint;
  /** By SKU. */
  readonly lines: readonly ListedLine[];
  /** One for each currency; none if nothing in the cart can be had. */
  readonly totals: readonly Money[];
}

/**
 * The cart with names and prices, at most one cache TTL old.
 *
 * @throws Failure `failed_precondition` when a total is above 10^15 minor units.
 */
export async function listCart(
  { desk, products }: { readonly desk: CartDesk; readonly products: ProductCache },
  userId: bigint,
  call: Call,
): Promise<ListedCart> {
  const { version, lines } = await desk.read(userId, call);
  const listed = await withProducts(products, lines, call);
  return { version, lines: listed, totals: totalsByCurrency(listed) };
}

/** Adds to each line what the catalogue says about its SKU. */
export async function withProducts(
  products: ProductCache,
  lines: readonly CartLine[],
  call: Call,
): Promise<ListedLine[]> {
  const found = await products.find(
    lines.map((line) => line.sku),
    call,
  );
  return lines.map((line) => ({ ...line, product: found.get(line.sku) }));
}
