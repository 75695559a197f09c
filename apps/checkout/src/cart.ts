import type { Database } from "@ordermesh/postgres/database";
import type { Tx } from "@ordermesh/postgres/tx";
import type { Call } from "@ordermesh/rpc/call";
import { type CartLine, cartLinesMax, type ListedLine, lineQuantityMax, type Money } from "./domain/cart.ts";
import { totalsByCurrency } from "./domain/cart-total.ts";
import { cartFull, insufficientStock, lineFull, skuNotFound } from "./domain/failures.ts";
import type { ProductCache } from "./product-cache.ts";
import {
  findLine,
  insertCart,
  lockCart,
  moveVersion,
  readCart,
  subtractLines,
  upsertLine,
} from "./sql/carts.ts";
import type { Loms } from "./upstream/loms.ts";

/** Units of one SKU, in or out of one user's cart. */
export interface CartChange extends CartLine {
  readonly userId: bigint;
}

/**
 * Sets how many units of a SKU are in the cart, after asking LOMS whether so many are available: a hint for the buyer,
 * no promise.
 *
 * @returns the cart's version, which does not move if the cart was like this already.
 * @throws Failure `not_found` when no warehouse knows the SKU, `failed_precondition` when too little is available or
 * the cart has 1,000 SKUs already.
 */
export async function addToCart(
  { database, loms }: { readonly database: Database; readonly loms: Loms },
  { userId, sku, quantity }: CartChange,
  call: Call,
): Promise<bigint> {
  const { known, available } = await loms.getAvailability(sku, call);
  if (!known) {
    throw skuNotFound(sku);
  }
  if (available < quantity) {
    throw insufficientStock([{ sku, requested: quantity, available }]);
  }
  return await database.transaction(async (tx) => {
    insertCart(tx, userId);
    const cart = await lockCart(tx, userId);
    const line = await findLine(tx, userId, sku);
    if (cart !== undefined && line.quantity === quantity) {
      return cart.version;
    }
    if (line.quantity === 0 && line.lineCount >= cartLinesMax) {
      throw cartFull();
    }
    upsertLine(tx, userId, { sku, quantity });
    return await moveVersion(tx, userId);
  });
}

/**
 * Adds units of a SKU to those in the cart, whoever else changes it at the same time. LOMS is asked for the sum, as it
 * is before.
 *
 * @throws Failure as addToCart does, and `failed_precondition` when the sum is above what a line may have.
 */
export async function increaseInCart(
  { database, loms }: { readonly database: Database; readonly loms: Loms },
  { userId, sku, quantity }: CartChange,
  call: Call,
): Promise<{ readonly version: bigint; readonly quantity: number }> {
  const { known, available } = await loms.getAvailability(sku, call);
  if (!known) {
    throw skuNotFound(sku);
  }
  return await database.transaction(async (tx) => {
    insertCart(tx, userId);
    await lockCart(tx, userId);
    const line = await findLine(tx, userId, sku);
    const sum = line.quantity + quantity;
    if (available < sum) {
      throw insufficientStock([{ sku, requested: sum, available }]);
    }
    if (sum > lineQuantityMax) {
      throw lineFull(sku);
    }
    if (line.quantity === 0 && line.lineCount >= cartLinesMax) {
      throw cartFull();
    }
    upsertLine(tx, userId, { sku, quantity: sum });
    return { version: await moveVersion(tx, userId), quantity: sum };
  });
}

/**
 * Takes units of a SKU out of the cart; the line goes when none is left.
 *
 * @returns the cart's version, which does not move if the SKU was not in the cart.
 */
export async function deleteFromCart(tx: Tx, { userId, sku, quantity }: CartChange): Promise<bigint> {
  const cart = await lockCart(tx, userId);
  if (cart === undefined) {
    return 0n;
  }
  const line = await findLine(tx, userId, sku);
  if (line.quantity === 0) {
    return cart.version;
  }
  subtractLines(tx, userId, [{ sku, quantity }]);
  return await moveVersion(tx, userId);
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
  { database, products }: { readonly database: Database; readonly products: ProductCache },
  userId: bigint,
  call: Call,
): Promise<ListedCart> {
  const { version, lines } = await database.read((db) => readCart(db, userId));
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
