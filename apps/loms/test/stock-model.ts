/** What a simple mind knows of stock: who holds what on which shelf. */
export interface StockModel {
  /** Adds goods to a shelf, which may be new. */
  receive(sku: number, warehouseId: number, quantity: number): void;
  /** Takes all lines, lowest warehouse first, or nothing. @returns undefined if stock is short. */
  hold(lines: readonly ModelLine[]): Hold | undefined;
  commit(hold: Hold): void;
  release(hold: Hold): void;
  /** "sku/warehouse: on hand, reserved", by SKU and warehouse. */
  levels(): string[];
}

export interface ModelLine {
  readonly sku: number;
  readonly quantity: number;
}

export type Hold = readonly { readonly shelf: Shelf; readonly quantity: number }[];

interface Shelf {
  readonly sku: number;
  readonly warehouseId: number;
  onHand: number;
  reserved: number;
}

export function createStockModel(): StockModel {
  const shelves: Shelf[] = [];

  function take({ sku, quantity }: ModelLine): Hold {
    let missing = quantity;
    return shelves
      .filter((shelf) => shelf.sku === sku && shelf.reserved < shelf.onHand)
      .flatMap((shelf) => {
        const taken = Math.min(missing, shelf.onHand - shelf.reserved);
        missing -= taken;
        shelf.reserved += taken;
        return taken > 0 ? [{ shelf, quantity: taken }] : [];
      });
  }

  const availableOf = (sku: number) =>
    shelves
      .filter((shelf) => shelf.sku === sku)
      .reduce((sum, { onHand, reserved }) => sum + onHand - reserved, 0);

  return {
    receive(sku, warehouseId, quantity) {
      const shelf = shelves.find((each) => each.sku === sku && each.warehouseId === warehouseId);
      if (shelf !== undefined) {
        shelf.onHand += quantity;
        return;
      }
      shelves.push({ sku, warehouseId, onHand: quantity, reserved: 0 });
      shelves.sort((a, b) => a.sku - b.sku || a.warehouseId - b.warehouseId);
    },
    hold(lines) {
      return lines.some(({ sku, quantity }) => availableOf(sku) < quantity) ? undefined : lines.flatMap(take);
    },
    commit(hold) {
      for (const { shelf, quantity } of hold) {
        shelf.onHand -= quantity;
        shelf.reserved -= quantity;
      }
    },
    release(hold) {
      for (const { shelf, quantity } of hold) {
        shelf.reserved -= quantity;
      }
    },
    levels: () =>
      shelves.map(
        ({ sku, warehouseId, onHand, reserved }) => `${sku}/${warehouseId}: ${onHand}, ${reserved}`,
      ),
  };
}
