import { arrayLiteral, type Queryable, type Tx, textArrayLiteral } from "@ordermesh/postgres/tx";
import type { Product, ProductDraft, ProductKind } from "../domain/product.ts";

const columns = "sku, name, currency_code, price_minor, kind, location_id, updated_at";

/** Products by SKU, in ascending order; SKUs without one are left out. */
export async function findProducts(db: Queryable, skus: readonly number[]): Promise<Product[]> {
  const rows = await db.query<ProductRow>(
    `select ${columns} from products where sku = any($1::bigint[]) order by sku`,
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

export async function listProducts(db: Queryable, afterSku: number, countMax: number): Promise<Product[]> {
  const rows = await db.query<ProductRow>(
    `select ${columns} from products where sku > $1::bigint order by sku limit $2::int`,
    [afterSku, countMax],
  );
  return rows.map(productOf);
}

/**
 * What to match the word index with, for a query of a buyer: every word of it must begin some word of a name.
 * Undefined if there is no word in it. Words need no escaping: search_words has taken quotes and backslashes out.
 */
export async function wordPrefixes(db: Queryable, query: string): Promise<string | undefined> {
  const [row] = await db.query<{ prefixes: string | null }>(
    `select string_agg(quote_literal(lexeme) || ':*', ' & ') as prefixes from unnest(search_words($1::text))`,
    [query],
  );
  return row?.prefixes ?? undefined;
}

/**
 * Products whose names match, in ascending order of SKU.
 *
 * "+ 0" keeps PostgreSQL from walking the primary key and comparing each name, which for a rare word reads the whole
 * table: of 100,000 products it took 20 ms to find one. By the word index that takes 0.4 ms, a word that 11,000 have
 * 5.5 ms, and one that all have 35 ms.
 */
export async function searchProducts(
  db: Queryable,
  prefixes: string,
  afterSku: number,
  countMax: number,
): Promise<Product[]> {
  const rows = await db.query<ProductRow>(
    `select ${columns} from products
     where search @@ $1::tsquery and sku > $2::bigint order by sku + 0 limit $3::int`,
    [prefixes, afterSku, countMax],
  );
  return rows.map(productOf);
}

/** Adds products, or replaces those with their SKUs, in the order of the SKUs, so that two imports never deadlock. */
export async function upsertProducts(tx: Tx, drafts: readonly ProductDraft[]): Promise<Product[]> {
  const rows = await tx.query<ProductRow>(
    `insert into products (sku, name, currency_code, price_minor, kind, location_id, updated_at)
     select sku, name, currency_code, price_minor, kind, location_id, date_trunc('milliseconds', clock_timestamp())
     from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::product_kind[], $6::bigint[])
       as p (sku, name, currency_code, price_minor, kind, location_id)
     order by sku
     on conflict (sku) do update set name = excluded.name, currency_code = excluded.currency_code,
       price_minor = excluded.price_minor, kind = excluded.kind, location_id = excluded.location_id,
       updated_at = excluded.updated_at
     returning ${columns}`,
    [
      arrayLiteral(drafts.map((draft) => draft.sku)),
      textArrayLiteral(drafts.map((draft) => draft.name)),
      textArrayLiteral(drafts.map((draft) => draft.price.currencyCode)),
      arrayLiteral(drafts.map((draft) => draft.price.amountMinor)),
      arrayLiteral(drafts.map((draft) => draft.kind)),
      arrayLiteral(drafts.map((draft) => draft.locationId ?? "null")),
    ],
  );
  return rows.map(productOf);
}

interface ProductRow {
  readonly sku: bigint;
  readonly name: string;
  readonly currency_code: string;
  readonly price_minor: bigint;
  readonly kind: ProductKind;
  readonly location_id: bigint | null;
  readonly updated_at: Date;
}

function productOf(row: ProductRow): Product {
  return {
    sku: Number(row.sku),
    name: row.name,
    price: { currencyCode: row.currency_code, amountMinor: row.price_minor },
    kind: row.kind,
    locationId: row.location_id ?? undefined,
    updatedAt: row.updated_at,
  };
}
