import { create } from "@bufbuild/protobuf";
import { ProductKind, ProductSchema } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import {
  type Catalogue,
  type CatalogueProduct,
  demoCatalogue,
  replacedSystemsCatalogue,
} from "./catalogue.ts";
import type { MeshClients } from "./clients.ts";

export interface SeedResult {
  /** Products that were not in the catalogue before. */
  readonly productsAdded: number;
  /** Stock levels that received units; 0 when this seed had been received before. */
  readonly stockLevelsFilled: number;
}

const productsMax = 500;
const receiptsMax = 5_000;

/**
 * Puts a catalogue and its stock into a running mesh, through the same calls that anybody would use. What is there
 * already is left alone: products are added where they are missing, and stock is received once per name.
 *
 * @param options.name names this seed; the same catalogue under another name is received a second time.
 */
export async function seedCatalogue(options: {
  readonly clients: Pick<MeshClients, "products" | "orders">;
  readonly catalogue: Catalogue;
  readonly name: string;
  readonly onProgress: (text: string) => void;
}): Promise<SeedResult> {
  const { clients, catalogue, name, onProgress } = options;
  const missing = await findMissing(clients, catalogue.products);
  if (missing.length > 0) {
    onProgress(`adding ${missing.length} products`);
  }
  await addProducts(clients, missing);

  let stockLevelsFilled = 0;
  for (let start = 0; start < catalogue.stock.length; start += receiptsMax) {
    const rows = catalogue.stock.slice(start, start + receiptsMax);
    const { replayed } = await clients.orders.receiveStock({
      idempotencyKey: `seed:${name}:${start}`,
      receipts: rows.map(({ sku, warehouseId, quantity }) => ({
        sku,
        warehouseId: BigInt(warehouseId),
        quantity,
      })),
    });
    stockLevelsFilled += replayed ? 0 : rows.length;
  }
  return { productsAdded: missing.length, stockLevelsFilled };
}

/** What a mesh for trying it out sells: the demo catalogue, and what the routes of the replaced systems need. */
export async function seedDemo(
  clients: Pick<MeshClients, "products" | "orders">,
  onProgress: (text: string) => void,
): Promise<SeedResult> {
  const replaced = await seedCatalogue({
    clients,
    catalogue: replacedSystemsCatalogue(),
    name: "replaced-systems",
    onProgress,
  });
  const demo = await seedCatalogue({ clients, catalogue: await demoCatalogue(), name: "demo", onProgress });
  return {
    productsAdded: replaced.productsAdded + demo.productsAdded,
    stockLevelsFilled: replaced.stockLevelsFilled + demo.stockLevelsFilled,
  };
}

async function findMissing(
  { products }: Pick<MeshClients, "products">,
  wanted: readonly CatalogueProduct[],
): Promise<CatalogueProduct[]> {
  const missing = new Set<number>();
  for (let start = 0; start < wanted.length; start += productsMax) {
    const skus = wanted.slice(start, start + productsMax).map((product) => product.sku);
    const { missingSkus } = await products.batchGetProducts({ skus });
    for (const sku of missingSkus) {
      missing.add(sku);
    }
  }
  return wanted.filter((product) => missing.has(product.sku));
}

async function addProducts(
  { products }: Pick<MeshClients, "products">,
  missing: readonly CatalogueProduct[],
): Promise<void> {
  for (let start = 0; start < missing.length; start += productsMax) {
    await products.batchUpsertProducts({
      products: missing.slice(start, start + productsMax).map(({ sku, name, priceMinor }) =>
        create(ProductSchema, {
          sku,
          name,
          kind: ProductKind.PHYSICAL,
          price: { currencyCode: "EUR", amountMinor: BigInt(priceMinor) },
        }),
      ),
    });
  }
}
