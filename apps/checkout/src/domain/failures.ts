import { Failure } from "@ordermesh/failure/failure";
import { cartLinesMax, lineQuantityMax, type Shortage } from "./cart.ts";

/** What checkout refuses, each with the reason that programs can rely on. */

export function skuNotFound(sku: number): Failure {
  return new Failure("not_found", `No warehouse knows SKU ${sku}.`, {
    reason: "SKU_NOT_FOUND",
    metadata: { sku: `${sku}` },
  });
}

/** A cart is delivered; what is on a menu is eaten where it is made. */
export function menuItemsInCart(skus: readonly number[]): Failure {
  const named = skus.length === 1 ? `SKU ${skus[0]} is` : `SKUs ${skus.join(", ")} are`;
  const description = "is on a menu: order it at a table of its location, with TablesService.PlaceOrder";
  return new Failure("failed_precondition", `${named} on a menu. Order at a table of its location.`, {
    reason: "MENU_ITEM",
    preconditionViolations: skus.map((sku) => ({ type: "MENU_ITEM", subject: `sku/${sku}`, description })),
  });
}

/** @param orderId of the failed order, if one was made. */
export function insufficientStock(shortages: readonly Shortage[], orderId?: bigint): Failure {
  const texts = shortages.map(
    ({ sku, requested, available }) => `SKU ${sku}: ${requested} requested, ${available} available`,
  );
  return new Failure("failed_precondition", `Stock is short. ${texts.join("; ")}.`, {
    reason: "INSUFFICIENT_STOCK",
    ...(orderId !== undefined && { metadata: { order_id: `${orderId}` } }),
    preconditionViolations: shortages.map(({ sku, requested, available }) => ({
      type: "INSUFFICIENT_STOCK",
      subject: `sku/${sku}`,
      description: `${requested} requested, ${available} available`,
    })),
  });
}

export function cartFull(): Failure {
  const description = `a cart holds at most ${cartLinesMax} different SKUs`;
  return new Failure("failed_precondition", `The cart is full: ${description}. Order some of them first.`, {
    reason: "CART_FULL",
    preconditionViolations: [{ type: "CART_FULL", subject: "cart", description }],
  });
}

export function lineFull(sku: number): Failure {
  const description = `a cart holds at most ${lineQuantityMax} units of one SKU`;
  return new Failure("failed_precondition", `There is no room for so many: ${description}.`, {
    reason: "LINE_FULL",
    preconditionViolations: [{ type: "LINE_FULL", subject: `sku/${sku}`, description }],
  });
}

export function cartEmpty(): Failure {
  return new Failure("failed_precondition", "The cart is empty. Add something with AddToCart first.", {
    reason: "CART_EMPTY",
    preconditionViolations: [{ type: "CART_EMPTY", subject: "cart", description: "there is nothing in it" }],
  });
}

export function cartChanged(version: bigint): Failure {
  return new Failure(
    "aborted",
    `The cart has changed: its version is ${version} now. List it and purchase again.`,
    {
      reason: "CART_CHANGED",
      metadata: { cart_version: `${version}` },
    },
  );
}

/** The checkout's database was restored from a backup: LOMS knows this version of the cart with other lines. */
export function cartVersionReused(cause: Failure): Failure {
  return new Failure(
    "aborted",
    "This version of the cart was ordered before, with other lines. Purchase again.",
    {
      reason: "CART_VERSION_REUSED",
      cause,
    },
  );
}

export function productsUnavailable(skus: readonly number[]): Failure {
  const named = skus.length === 1 ? `SKU ${skus[0]} is` : `SKUs ${skus.join(", ")} are`;
  return new Failure(
    "failed_precondition",
    `${named} no longer in the catalogue. Delete from the cart to go on.`,
    {
      reason: "PRODUCT_UNAVAILABLE",
      preconditionViolations: skus.map((sku) => ({
        type: "PRODUCT_UNAVAILABLE",
        subject: `sku/${sku}`,
        description: "no longer in the catalogue",
      })),
    },
  );
}

export function mixedCurrencies(currencyCodes: readonly string[]): Failure {
  const description = `the prices are in ${currencyCodes.join(" and ")}, and one order has one currency`;
  return new Failure("failed_precondition", `The cart can not be totaled: ${description}.`, {
    reason: "MIXED_CURRENCIES",
    preconditionViolations: [{ type: "MIXED_CURRENCIES", subject: "cart", description }],
  });
}

export function totalTooHigh(totalMinorMax: bigint): Failure {
  const description = `it is above ${totalMinorMax} minor units`;
  return new Failure(
    "failed_precondition",
    `The cart's total is too high: ${description}. Take something out.`,
    {
      reason: "TOTAL_TOO_HIGH",
      preconditionViolations: [{ type: "TOTAL_TOO_HIGH", subject: "cart", description }],
    },
  );
}
