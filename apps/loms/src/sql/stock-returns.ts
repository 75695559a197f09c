import { arrayLiteral, type Tx, textArrayLiteral } from "@ordermesh/postgres/tx";
import type { Hold } from "../domain/stock.ts";

/** Why units that had been sold are in stock again. */
export type ReturnReason = "canceled" | "refunded_before_shipping" | "returned";

/** Committed units of a hold that come back to their warehouse. */
export interface StockReturn extends Hold {
  readonly reason: ReturnReason;
  /** The version of the order whose step brought them back. */
  readonly version: number;
}

/**
 * Puts units back, under the lock of lockStockLevelsOfHolders. The primary key refuses to put a unit back twice.
 */
export function insertStockReturns(tx: Tx, returns: readonly StockReturn[]): void {
  if (returns.length === 0) {
    return;
  }
  tx.execute(
    `with returned as (
       insert into stock_returns (order_id, sku, warehouse_id, quantity, reason, version)
       select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::int[], $5::text[], $6::int[])
       returning sku, warehouse_id, quantity
     )
     update stock_levels s set on_hand = s.on_hand + r.quantity
     from (select sku, warehouse_id, sum(quantity)::int as quantity from returned group by sku, warehouse_id) as r
     where s.sku = r.sku and s.warehouse_id = r.warehouse_id`,
    [
      arrayLiteral(returns.map(({ holderId }) => holderId)),
      arrayLiteral(returns.map(({ sku }) => sku)),
      arrayLiteral(returns.map(({ warehouseId }) => warehouseId)),
      arrayLiteral(returns.map(({ quantity }) => quantity)),
      textArrayLiteral(returns.map(({ reason }) => reason)),
      arrayLiteral(returns.map(({ version }) => version)),
    ],
  );
}
