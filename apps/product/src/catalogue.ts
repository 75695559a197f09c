import { Failure } from "@ordermesh/failure/failure";
import type { Database } from "@ordermesh/postgres/database";
import { codeOf } from "@ordermesh/postgres/postgres-failure";
import type { Queryable, Tx } from "@ordermesh/postgres/tx";
import { menuNameTaken, menusAreEditedElsewhere, namedTwice, ofAnotherProduct } from "./domain/failures.ts";
import { checkDraft, type Product, type ProductDraft } from "./domain/product.ts";
import type { ProductFilter } from "./sql/product-search.ts";
import * as search from "./sql/product-search.ts";
import * as sql from "./sql/products.ts";

/** @throws Failure `not_found` that names the SKU. */
export async function getProduct(db: Queryable, sku: number): Promise<Product> {
  const [product] = await sql.findProducts(db, [sku]);
  if (product === undefined) {
    throw new Failure("not_found", `There is no product with SKU ${sku}.`, {
      reason: "SKU_NOT_FOUND",
      metadata: { sku: `${sku}` },
    });
  }
  return product;
}

export interface ProductBatch {
  /** By SKU, each once. */
  readonly products: readonly Product[];
  /** Asked for, but not in the catalogue; by SKU, each once. */
  readonly missingSkus: readonly number[];
}

export async function batchGetProducts(db: Queryable, skus: readonly number[]): Promise<ProductBatch> {
  const asked = [...new Set(skus)].sort((a, b) => a - b);
  const products = await sql.findProducts(db, asked);
  const found = new Set(products.map((product) => product.sku));
  return { products, missingSkus: asked.filter((sku) => !found.has(sku)) };
}

/** The most SKUs that one call of ListSkus gives. */
export const skusPerCallMax = 10_000;

const skusPerCallDefault = 100;

/** SKUs in ascending order. @param count 0 means 100. */
export function listSkus(db: Queryable, startAfterSku: number, count: number): Promise<number[]> {
  return sql.listSkus(db, startAfterSku, count || skusPerCallDefault);
}

export interface ProductPage {
  readonly products: readonly Product[];
  /** The last SKU of this page; undefined on the last page. */
  readonly nextAfterSku: number | undefined;
}

/**
 * One page of products in the order of their SKUs. One more than the page is read, to know whether another follows.
 *
 * @param filter.query words that must each begin some word of the name. Punctuation alone has no words, so that every
 * product matches.
 */
export async function listProducts(
  db: Queryable,
  { query, ...filter }: ProductFilter,
  afterSku: number,
  pageSize: number,
): Promise<ProductPage> {
  // PostgreSQL takes any character in a text but this one.
  const prefixes = query === "" ? undefined : await search.wordPrefixes(db, query.replaceAll("\0", " "));
  const found = await search.listProducts(db, prefixes, filter, afterSku, pageSize + 1);
  const products = found.slice(0, pageSize);
  return { products, nextAfterSku: found.length > pageSize ? products.at(-1)?.sku : undefined };
}

/** Who writes to the catalogue. */
export interface Editor {
  /** Not a seller's own token, for it is not known here at which locations a seller works. */
  readonly mayEditMenus: boolean;
}

/**
 * @throws Failure `invalid_argument` for a product that contradicts itself; `permission_denied` for a menu item of an
 * editor who may edit none; `failed_precondition` for a SKU of something else; `already_exists` for a name that another
 * item on the menu has.
 */
export async function upsertProduct(
  database: Database,
  editor: Editor,
  draft: ProductDraft,
): Promise<Product> {
  const [product] = await upsertProducts(database, editor, [draft]);
  if (product === undefined) {
    throw new Error(`Product ${draft.sku} was neither inserted nor updated.`);
  }
  return product;
}

/**
 * All of them or none.
 *
 * @throws Failure as upsertProduct does, and `invalid_argument` for a SKU that is named twice.
 */
export async function upsertProducts(
  database: Database,
  { mayEditMenus }: Editor,
  drafts: readonly ProductDraft[],
): Promise<Product[]> {
  const seen = new Set<number>();
  for (const draft of drafts) {
    checkDraft(draft);
    if (seen.has(draft.sku)) {
      throw namedTwice(draft.sku);
    }
    if (draft.kind === "menu_item" && !mayEditMenus) {
      throw menusAreEditedElsewhere();
    }
    seen.add(draft.sku);
  }
  try {
    return await database.transaction((tx) => writeAll(tx, drafts));
  } catch (error) {
    // The primary key gives way to the newer product, so this is the name on a menu.
    throw codeOf(error) === "23505" ? menuNameTaken(error) : error;
  }
}

async function writeAll(tx: Tx, drafts: readonly ProductDraft[]): Promise<Product[]> {
  const products = await sql.upsertProducts(tx, drafts);
  const written = new Set(products.map(({ sku }) => sku));
  const refused = drafts.find(({ sku }) => !written.has(sku));
  if (refused !== undefined) {
    throw ofAnotherProduct(refused.sku);
  }
  return products;
}
