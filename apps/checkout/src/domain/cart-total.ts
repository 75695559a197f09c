import type { ListedLine, Money, PurchaseLine } from "./cart.ts";
import { menuItemsInCart, mixedCurrencies, productsUnavailable, totalTooHigh } from "./failures.ts";

/** What Money holds, here and in LOMS. */
const totalMinorMax = 1_000_000_000_000_000n;

/**
 * Σ price × quantity over the lines that can be had.
 *
 * @returns one total for each currency, in the order of appearance.
 * @throws Failure `failed_precondition` when a total is above 10^15 minor units.
 */
export function totalsByCurrency(lines: readonly ListedLine[]): Money[] {
  const totals = new Map<string, bigint>();
  for (const { product, quantity } of lines) {
    if (product !== undefined) {
      const { currencyCode, amountMinor } = product.price;
      totals.set(currencyCode, (totals.get(currencyCode) ?? 0n) + amountMinor * BigInt(quantity));
    }
  }
  return [...totals].map(([currencyCode, amountMinor]) => {
    if (amountMinor > totalMinorMax) {
      throw totalTooHigh(totalMinorMax);
    }
    return { currencyCode, amountMinor };
  });
}

/**
 * The lines and the total of a cart that is to be ordered.
 *
 * @param lines at least one.
 * @throws Failure `failed_precondition` when a SKU is no longer in the catalogue or is on a menu, when prices are in
 * several currencies, or when the total is above 10^15 minor units.
 */
export function orderable(lines: readonly ListedLine[]): { lines: PurchaseLine[]; total: Money } {
  const vanished = lines.filter((line) => line.product === undefined).map((line) => line.sku);
  if (vanished.length > 0) {
    throw productsUnavailable(vanished);
  }
  const menuItems = lines.filter((line) => line.product?.isMenuItem).map((line) => line.sku);
  if (menuItems.length > 0) {
    throw menuItemsInCart(menuItems);
  }
  const totals = totalsByCurrency(lines);
  const [total] = totals;
  if (total === undefined || totals.length > 1) {
    throw mixedCurrencies(totals.map(({ currencyCode }) => currencyCode));
  }
  return {
    total,
    lines: lines.flatMap(({ sku, quantity, product }) =>
      product === undefined
        ? []
        : [{ sku, quantity, name: product.name, unitPriceMinor: product.price.amountMinor }],
    ),
  };
}
