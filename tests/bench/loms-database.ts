import { migrate } from "@ordermesh/postgres/migrate";
import { testLogger } from "@ordermesh/testkit/test-logger";
import postgres from "postgres";
import { skuCount, unitsPerLevel, warehouseIds } from "./workloads.ts";

/** Creates the tables of LOMS, fills the warehouses, and lets the server know how the data are spread. */
export async function prepareLomsDatabase(url: string): Promise<void> {
  await migrate({
    url,
    directory: new URL("../../apps/loms/migrations/", import.meta.url),
    logger: testLogger(),
    signal: AbortSignal.timeout(60_000),
  });
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    await sql`insert into stock_levels (sku, warehouse_id, on_hand)
      select sku, warehouse_id, ${unitsPerLevel}
      from generate_series(1, ${skuCount}::int) as sku, unnest(${warehouseIds.map(String)}::bigint[]) as warehouse_id`;
    await sql`insert into stock_receipts (sku, warehouse_id, quantity)
      select sku, warehouse_id, on_hand from stock_levels`;
    await sql`analyze stock_levels`;
  } finally {
    await sql.end();
  }
}
