import { arrayLiteral, type Queryable } from "@ordermesh/postgres/tx";
import type { StockLevel } from "../domain/stock.ts";

export interface StockFilter {
  /** Empty: all. */
  readonly skus: readonly number[];
  /** Undefined: all. */
  readonly warehouseId: bigint | undefined;
}

/** The last level of the page before. */
export interface StockPosition {
  readonly sku: number;
  readonly warehouseId: bigint;
}

/** One page of stock levels, in the order of their primary key (sku, warehouse_id). */
export async function listStock(
  db: Queryable,
  { skus, warehouseId }: StockFilter,
  after: StockPosition | undefined,
  countMax: number,
): Promise<StockLevel[]> {
  const rows = await db.query<{ sku: bigint; warehouse_id: bigint; on_hand: number; reserved: number }>(
    `select sku, warehouse_id, on_hand, reserved from stock_levels
     where (sku, warehouse_id) > ($1::bigint, $2::bigint)
       ${skus.length === 0 ? "" : "and sku = any($5::bigint[])"}
       and ($3::bigint is null or warehouse_id = $3::bigint)
     order by sku, warehouse_id limit $4`,
    [
      after?.sku ?? 0,
      after?.warehouseId ?? 0n,
      warehouseId ?? null,
      countMax,
      ...(skus.length === 0 ? [] : [arrayLiteral(skus)]),
    ],
  );
  return rows.map((row) => ({
    sku: Number(row.sku),
    warehouseId: row.warehouse_id,
    onHand: row.on_hand,
    reserved: row.reserved,
  }));
}
