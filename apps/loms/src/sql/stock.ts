import { arrayLiteral, type Queryable, type Tx } from "@ordermesh/postgres/tx";
import type { AvailableStock, Hold, Resolution, StockLevel } from "../domain/stock.ts";

/**
 * Locks the stock levels of SKUs in the order (sku, warehouse) that everything locks them in, and tells what is
 * available. NO KEY UPDATE, because rows that refer to a level may be written meanwhile. Three arrays instead of
 * rows: a batch of 256 orders touches some 2,000 levels, and taking them apart as rows cost Node 16 to 39 µs an
 * order more.
 */
export async function lockStockLevels(tx: Tx, skus: readonly number[]): Promise<AvailableStock[]> {
  const [row] = await tx.query<{
    skus: string | null;
    warehouse_ids: string | null;
    available: string | null;
  }>(
    `select array_agg(sku)::text as skus, array_agg(warehouse_id)::text as warehouse_ids,
       array_agg(available)::text as available
     from (
       select sku, warehouse_id, on_hand - reserved as available
       from stock_levels where sku = any($1::bigint[])
       order by sku, warehouse_id
       for no key update
     ) as locked`,
    [arrayLiteral(skus)],
  );
  const warehouseIds = elementsOf(row?.warehouse_ids);
  const available = elementsOf(row?.available);
  return elementsOf(row?.skus).map((sku, index) => ({
    sku: Number(sku),
    warehouseId: BigInt(warehouseIds[index] ?? ""),
    available: Number(available[index]),
  }));
}

function elementsOf(array: string | null | undefined): string[] {
  return array === null || array === undefined || array === "{}" ? [] : array.slice(1, -1).split(",");
}

/** Locks the levels on which orders or reservations hold units, in the same order. */
export async function lockStockLevelsOfHolders(tx: Tx, holderIds: readonly bigint[]): Promise<void> {
  await tx.query(
    `select count(*) from (
       select from stock_levels
       where (sku, warehouse_id) in (
         select sku, warehouse_id from reservation_ledger where holder_id = any($1::bigint[]) and not resolves
       )
       order by sku, warehouse_id
       for no key update
     ) as locked`,
    [arrayLiteral(holderIds)],
  );
}

/** Writes holds that the caller has found available, under the lock of lockStockLevels. */
export function insertHolds(tx: Tx, holds: readonly Hold[]): void {
  if (holds.length === 0) {
    return;
  }
  tx.execute(
    `insert into reservation_ledger (holder_id, sku, warehouse_id, quantity, resolves, entry)
     select holder_id, sku, warehouse_id, quantity, false, 'reserved'
     from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::int[])
       as h (holder_id, sku, warehouse_id, quantity)`,
    holdColumns(holds),
  );
  const levels = sumByLevel(holds);
  tx.execute(
    `update stock_levels s set reserved = s.reserved + h.quantity
     from unnest($1::bigint[], $2::bigint[], $3::int[]) as h (sku, warehouse_id, quantity)
     where s.sku = h.sku and s.warehouse_id = h.warehouse_id`,
    levelColumns(levels),
  );
}

/** The holds of orders or reservations, resolved or not. */
export async function findHolds(tx: Queryable, holderIds: readonly bigint[]): Promise<Hold[]> {
  const rows = await tx.query<{ holder_id: bigint; sku: bigint; warehouse_id: bigint; quantity: number }>(
    `select holder_id, sku, warehouse_id, quantity from reservation_ledger
     where holder_id = any($1::bigint[]) and not resolves
     order by holder_id, sku, warehouse_id`,
    [arrayLiteral(holderIds)],
  );
  return rows.map((row) => ({
    holderId: row.holder_id,
    sku: Number(row.sku),
    warehouseId: row.warehouse_id,
    quantity: row.quantity,
  }));
}

/**
 * Ends holds, under the lock of lockStockLevelsOfHolders. Committed units leave the warehouse, others become
 * available again. The ledger's primary key refuses a second resolution.
 */
export function resolveHolds(tx: Tx, holds: readonly Hold[], resolution: Resolution): void {
  if (holds.length === 0) {
    return;
  }
  tx.execute(
    `insert into reservation_ledger (holder_id, sku, warehouse_id, quantity, resolves, entry)
     select holder_id, sku, warehouse_id, quantity, true, $5::ledger_entry
     from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::int[])
       as h (holder_id, sku, warehouse_id, quantity)`,
    [...holdColumns(holds), resolution],
  );
  const levels = sumByLevel(holds);
  tx.execute(
    `update stock_levels s
     set reserved = s.reserved - h.quantity,
       on_hand = s.on_hand - case when $4::boolean then h.quantity else 0 end
     from unnest($1::bigint[], $2::bigint[], $3::int[]) as h (sku, warehouse_id, quantity)
     where s.sku = h.sku and s.warehouse_id = h.warehouse_id`,
    [...levelColumns(levels), resolution === "committed"],
  );
}

/** Adds goods, in the order in which everything locks stock levels, and writes them to the ledger. */
export function insertReceipts(
  tx: Tx,
  levels: readonly { sku: number; warehouseId: bigint; quantity: number }[],
): void {
  tx.execute(
    `insert into stock_levels as s (sku, warehouse_id, on_hand)
     select sku, warehouse_id, quantity
     from unnest($1::bigint[], $2::bigint[], $3::int[]) as r (sku, warehouse_id, quantity)
     order by sku, warehouse_id
     on conflict (sku, warehouse_id) do update set on_hand = s.on_hand + excluded.on_hand`,
    levelColumns(levels),
  );
  tx.execute(
    `insert into stock_receipts (sku, warehouse_id, quantity)
     select * from unnest($1::bigint[], $2::bigint[], $3::int[])`,
    levelColumns(levels),
  );
}

export async function findStockLevels(tx: Queryable, skus: readonly number[]): Promise<StockLevel[]> {
  const rows = await tx.query<{ sku: bigint; warehouse_id: bigint; on_hand: number; reserved: number }>(
    `select sku, warehouse_id, on_hand, reserved from stock_levels
     where sku = any($1::bigint[]) order by sku, warehouse_id`,
    [arrayLiteral(skus)],
  );
  return rows.map((row) => ({
    sku: Number(row.sku),
    warehouseId: row.warehouse_id,
    onHand: row.on_hand,
    reserved: row.reserved,
  }));
}

function holdColumns(holds: readonly Hold[]): string[] {
  return [
    arrayLiteral(holds.map((hold) => hold.holderId)),
    arrayLiteral(holds.map((hold) => hold.sku)),
    arrayLiteral(holds.map((hold) => hold.warehouseId)),
    arrayLiteral(holds.map((hold) => hold.quantity)),
  ];
}

interface LevelChange {
  readonly sku: number;
  readonly warehouseId: bigint;
  readonly quantity: number;
}

function levelColumns(levels: readonly LevelChange[]): string[] {
  return [
    arrayLiteral(levels.map((level) => level.sku)),
    arrayLiteral(levels.map((level) => level.warehouseId)),
    arrayLiteral(levels.map((level) => level.quantity)),
  ];
}

/** An update applies one row of its source to each level, so holds of one level must be added up before. */
function sumByLevel(holds: readonly Hold[]): LevelChange[] {
  const sums = new Map<string, { sku: number; warehouseId: bigint; quantity: number }>();
  for (const { sku, warehouseId, quantity } of holds) {
    const level = `${sku}/${warehouseId}`;
    const sum = sums.get(level);
    if (sum === undefined) {
      sums.set(level, { sku, warehouseId, quantity });
    } else {
      sum.quantity += quantity;
    }
  }
  return [...sums.values()];
}
