import { readFile } from "node:fs/promises";

export interface CatalogueProduct {
  readonly sku: number;
  readonly name: string;
  /** In cents of a euro. */
  readonly priceMinor: number;
}

export interface CatalogueStock {
  readonly sku: number;
  readonly warehouseId: number;
  readonly quantity: number;
}

export interface Catalogue {
  readonly products: readonly CatalogueProduct[];
  readonly stock: readonly CatalogueStock[];
}

/** The stock rows that miniZON's own migration wrote, 100 units each. */
const minizonStock: readonly (readonly [sku: number, ...warehouseIds: number[]])[] = [
  [1076963, 220, 221, 223],
  [1148162, 220],
  [1625903, 221],
  [2618151, 223],
  [2956315, 220],
  [2958025, 224],
  [3596599, 225],
];

const warehouseIds = [220, 221, 222, 223, 224, 225];

/** The 1,000 SKUs that miniZON's migration put into a cart, with generated names, prices and stock. */
export async function demoCatalogue(): Promise<Catalogue> {
  const text = await readFile(new URL("../catalogue/skus.txt", import.meta.url), "utf8");
  const skus = text.trim().split("\n").map(Number);
  const given = new Map(minizonStock.map(([sku, ...warehouses]) => [sku, warehouses]));
  return {
    products: skus.map(productOf),
    stock: skus.flatMap(
      (sku) =>
        given.get(sku)?.map((warehouseId) => ({ sku, warehouseId, quantity: 100 })) ??
        generatedStock(sku, 20, 200),
    ),
  };
}

/**
 * What the routes of the other two systems sell: AngelProj's one product with the ten of it that there were, and what a
 * bill of order-processing-system is an order of, of which there are as many as a warehouse can count.
 */
export function replacedSystemsCatalogue(): Catalogue {
  const [customItem, item1] = [9_000_000, 9_000_001];
  return {
    products: [
      { sku: customItem, name: "Custom item", priceMinor: 0 },
      { sku: item1, name: "item1", priceMinor: 1_000 },
    ],
    stock: [
      ...Array.from({ length: 2_000 }, () => ({ sku: customItem, warehouseId: 220, quantity: 1_000_000 })),
      { sku: item1, warehouseId: 220, quantity: 10 },
    ],
  };
}

/** A catalogue of any size for load: SKUs 1 to `count`, with so much stock that it lasts. */
export function loadCatalogue(count: number): Catalogue {
  const skus = Array.from({ length: count }, (_, index) => index + 1);
  return {
    products: skus.map(productOf),
    stock: skus.flatMap((sku) => generatedStock(sku, 100_000, 1_000_000)),
  };
}

const qualities = ["Oak", "Linen", "Copper", "Wool", "Glass", "Bamboo", "Steel", "Cotton", "Cedar", "Marble"];
const kinds = [
  "small",
  "large",
  "folding",
  "striped",
  "round",
  "deep",
  "tall",
  "quilted",
  "hand-made",
  "matt",
];
const things = ["Lamp", "Chair", "Kettle", "Blanket", "Shelf", "Mug", "Bowl", "Clock", "Tray", "Stool"];

/** Always the same product for the same SKU. */
function productOf(sku: number): CatalogueProduct {
  const draw = generator(sku);
  const name = `${draw.pick(qualities)} ${draw.pick(things)}, ${draw.pick(kinds)}`;
  return { sku, name, priceMinor: draw.integer(3, 250) * 100 - draw.pick([1, 5, 10, 50]) };
}

function generatedStock(sku: number, low: number, high: number): CatalogueStock[] {
  const draw = generator(sku + 1_000_003);
  const count = draw.integer(1, 3);
  const first = draw.integer(0, warehouseIds.length - 1);
  return Array.from({ length: count }, (_, index) => ({
    sku,
    warehouseId: warehouseIds[(first + index) % warehouseIds.length] ?? 220,
    quantity: draw.integer(low, high),
  }));
}

/** Repeatable draws: a multiplicative generator modulo the prime 2^31 − 1. */
function generator(seed: number) {
  let state = (seed % 2_147_483_646) + 1;
  const next = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state;
  };
  next();
  const integer = (low: number, high: number) => low + (next() % (high - low + 1));
  return {
    integer,
    pick<Item>(items: readonly Item[]): Item {
      const item = items[integer(0, items.length - 1)];
      if (item === undefined) {
        throw new Error("There is nothing to pick from.");
      }
      return item;
    },
  };
}
