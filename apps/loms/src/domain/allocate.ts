import type { Shortage } from "./order.ts";
import type { AvailableStock } from "./stock.ts";

export interface RequestedLine {
  readonly sku: number;
  readonly quantity: number;
}

/** Units of one line that one warehouse supplies. */
export interface AllocatedUnits {
  readonly sku: number;
  readonly warehouseId: bigint;
  readonly quantity: number;
}

export type Allocation =
  | { readonly kind: "allocated"; readonly units: readonly AllocatedUnits[] }
  | { readonly kind: "short"; readonly shortages: readonly Shortage[] };

interface Shelf {
  readonly warehouseId: bigint;
  available: number;
}

/**
 * Decides which warehouse supplies which units to each order of a batch, in the order of their arrival: an order gets
 * all of its lines or nothing, and a line is split over warehouses, lowest id first, when one does not suffice.
 *
 * @param orders lines of each order; an order names each SKU once, with a quantity above zero.
 * @param stock what is available, in the order in which it should be used up.
 * @returns one allocation per order, in the same order.
 */
export function allocate(
  orders: readonly (readonly RequestedLine[])[],
  stock: readonly AvailableStock[],
): Allocation[] {
  const shelvesBySku = new Map<number, Shelf[]>();
  const availableBySku = new Map<number, number>();
  for (const { sku, warehouseId, available } of stock) {
    const shelves = shelvesBySku.get(sku);
    if (shelves === undefined) {
      shelvesBySku.set(sku, [{ warehouseId, available }]);
    } else {
      shelves.push({ warehouseId, available });
    }
    availableBySku.set(sku, (availableBySku.get(sku) ?? 0) + available);
  }

  return orders.map((lines) => {
    const shortages = findShortages(lines, availableBySku);
    if (shortages.length > 0) {
      return { kind: "short", shortages };
    }
    const units: AllocatedUnits[] = [];
    for (const { sku, quantity } of lines) {
      availableBySku.set(sku, (availableBySku.get(sku) ?? 0) - quantity);
      takeFromShelves(sku, quantity, shelvesBySku.get(sku) ?? [], units);
    }
    return { kind: "allocated", units };
  });
}

function findShortages(
  lines: readonly RequestedLine[],
  availableBySku: ReadonlyMap<number, number>,
): Shortage[] {
  const shortages: Shortage[] = [];
  for (const { sku, quantity } of lines) {
    const available = availableBySku.get(sku) ?? 0;
    if (available < quantity) {
      shortages.push({ sku, requested: quantity, available });
    }
  }
  return shortages;
}

function takeFromShelves(sku: number, quantity: number, shelves: Shelf[], units: AllocatedUnits[]): void {
  let missing = quantity;
  for (const shelf of shelves) {
    if (missing === 0) {
      return;
    }
    const taken = Math.min(missing, shelf.available);
    if (taken > 0) {
      shelf.available -= taken;
      missing -= taken;
      units.push({ sku, warehouseId: shelf.warehouseId, quantity: taken });
    }
  }
}
