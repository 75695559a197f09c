import { eventually } from "@ordermesh/testkit/eventually";
import { type FreshDatabase, freshDatabase } from "@ordermesh/testkit/fresh-database";
import postgres from "postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type ProductUnderTest, startProductUnderTest } from "./product-under-test.ts";

let database: FreshDatabase;
let service: ProductUnderTest;
let sql: postgres.Sql;

beforeAll(async () => {
  database = await freshDatabase();
  service = await startProductUnderTest(database.url);
  await service.ready;
  sql = postgres(database.url, { max: 1, onnotice: () => {} });
});

afterAll(async () => {
  await sql?.end();
  await service?.stop();
  await database?.drop();
});

/** How often PostgreSQL has read the whole table, and looked into the word index. */
async function scans(): Promise<{ table: number; index: number }> {
  const [row] = await sql`select t.seq_scan::int as table, i.idx_scan::int as index
    from pg_stat_user_tables t join pg_stat_user_indexes i using (relid)
    where i.indexrelname = 'products_by_word'`;
  return row as { table: number; index: number };
}

it("finds words in the index and never reads the whole table", async () => {
  await sql`insert into products (sku, name, currency_code, price_minor, kind, updated_at)
    select n, 'Item' || n || ' of group' || n % 50, 'EUR', 100, 'physical', now() from generate_series(1, 20000) n`;
  await sql`vacuum analyze products`;
  const before = await scans();
  // More often than it takes PostgreSQL to settle on one plan for all queries.
  const searches = 12;
  for (let round = 0; round < searches; round += 1) {
    const { products } = await service.products.listProducts({ query: `item${1000 + round}`, pageSize: 20 });
    expect(products).toHaveLength(11);
  }
  // The figures come late, and all of one connection's at the same time.
  const after = await eventually(async () => {
    const now = await scans();
    expect(now.index - before.index).toBe(searches);
    return now;
  });
  expect(after.table - before.table).toBe(0);
});
