import { arrayLiteral, type Queryable, type Tx } from "@ordermesh/postgres/tx";
import { keyOf, noDetails, type Product, type ProductDraft, type ProductKind } from "../domain/product.ts";

export const productColumns = `sku, name, currency_code, price_minor, kind, location_id, description,
  to_json(categories) as categories, to_json(tags) as tags, to_json(additives) as additives, is_sold_out, is_off_menu,
  updated_at`;

/** Products by SKU, in ascending order; SKUs without one are left out. */
export async function findProducts(db: Queryable, skus: readonly number[]): Promise<Product[]> {
  const rows = await db.query<ProductRow>(
    `select ${productColumns} from products where sku = any($1::bigint[]) order by sku`,
    [arrayLiteral(skus)],
  );
  return rows.map(productOf);
}

export async function listSkus(db: Queryable, afterSku: number, countMax: number): Promise<number[]> {
  const rows = await db.query<{ sku: bigint }>(
    "select sku from products where sku > $1::bigint order by sku limit $2::int",
    [afterSku, countMax],
  );
  return rows.map((row) => Number(row.sku));
}

/**
 * Adds products, or replaces those with their SKUs, in the order of the SKUs, so that two imports never deadlock. A menu
 * item is only replaced by one of the same location, and nothing else becomes one: what is left out of the answer was not
 * written.
 *
 * @throws PostgreSQL's 23505 for a name that another item on the menu has.
 */
export async function upsertProducts(tx: Tx, drafts: readonly ProductDraft[]): Promise<Product[]> {
  const rows = await tx.query<ProductRow>(
    `insert into products (
       sku, name, currency_code, price_minor, kind, location_id, description, categories, tags, additives,
       category_keys, tag_keys, additive_keys, name_key, is_sold_out, is_off_menu, updated_at
     )
     select (d->>'sku')::bigint, d->>'name', d->>'currencyCode', (d->>'priceMinor')::bigint,
       (d->>'kind')::product_kind, (d->>'locationId')::bigint, d->>'description', ${wordsOf("categories")},
       ${wordsOf("tags")}, ${wordsOf("additives")}, ${wordsOf("categoryKeys")}, ${wordsOf("tagKeys")},
       ${wordsOf("additiveKeys")}, d->>'nameKey', (d->>'isSoldOut')::boolean, (d->>'isOffMenu')::boolean,
       date_trunc('milliseconds', clock_timestamp())
     from json_array_elements($1::text::json) as d
     order by 1
     on conflict (sku) do update set name = excluded.name, currency_code = excluded.currency_code,
       price_minor = excluded.price_minor, kind = excluded.kind, description = excluded.description,
       categories = excluded.categories, tags = excluded.tags, additives = excluded.additives,
       category_keys = excluded.category_keys, tag_keys = excluded.tag_keys, additive_keys = excluded.additive_keys,
       name_key = excluded.name_key, is_sold_out = excluded.is_sold_out, is_off_menu = excluded.is_off_menu,
       updated_at = excluded.updated_at
     where products.location_id is not distinct from excluded.location_id
     returning ${productColumns}`,
    [JSON.stringify(drafts.map(storedDraft))],
  );
  return rows.map(productOf);
}

function wordsOf(key: string): string {
  return `array(select json_array_elements_text(d->'${key}'))`;
}

function storedDraft({ sku, name, price, kind, locationId, menu = noDetails }: ProductDraft) {
  const { description, categories, tags, additives, isSoldOut, isOffMenu } = menu;
  return {
    sku,
    name,
    currencyCode: price.currencyCode,
    priceMinor: `${price.amountMinor}`,
    kind,
    locationId: locationId === undefined ? null : `${locationId}`,
    description,
    categories,
    tags,
    additives,
    categoryKeys: categories.map(keyOf),
    tagKeys: tags.map(keyOf),
    additiveKeys: additives.map(keyOf),
    nameKey: kind === "menu_item" ? keyOf(name) : "",
    isSoldOut,
    isOffMenu,
  };
}

export interface ProductRow {
  readonly sku: bigint;
  readonly name: string;
  readonly currency_code: string;
  readonly price_minor: bigint;
  readonly kind: ProductKind;
  readonly location_id: bigint | null;
  readonly description: string;
  readonly categories: string[];
  readonly tags: string[];
  readonly additives: string[];
  readonly is_sold_out: boolean;
  readonly is_off_menu: boolean;
  readonly updated_at: Date;
}

export function productOf(row: ProductRow): Product {
  const { description, categories, tags, additives } = row;
  const menu = {
    description,
    categories,
    tags,
    additives,
    isSoldOut: row.is_sold_out,
    isOffMenu: row.is_off_menu,
  };
  return {
    sku: Number(row.sku),
    name: row.name,
    price: { currencyCode: row.currency_code, amountMinor: row.price_minor },
    kind: row.kind,
    locationId: row.location_id ?? undefined,
    menu: row.kind === "menu_item" ? menu : undefined,
    updatedAt: row.updated_at,
  };
}
