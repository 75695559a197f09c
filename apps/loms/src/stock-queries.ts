import { Failure } from "@ordermesh/failure/failure";
import type { Queryable } from "@ordermesh/postgres/tx";
import type { StockLevel } from "./domain/stock.ts";
import { type StockHold, type StockMovement, type StockTrendPoint, trendOf } from "./domain/stock-story.ts";
import { findHoldsOfHolder, findHoldsOfSku, type HoldPosition, sumReserved } from "./sql/stock-holds.ts";
import { listStock, type StockFilter, type StockPosition } from "./sql/stock-list.ts";
import { findChanges, listMovements, type MovementPosition, type StockOf } from "./sql/stock-movements.ts";

/** A page, and where the next one begins; undefined on the last. */
export interface Page<Entry, Position> {
  readonly entries: readonly Entry[];
  readonly next: Position | undefined;
}

/** One page of what the warehouses have. One more than the page is read, to know whether another page follows. */
export async function stockPage(
  db: Queryable,
  filter: StockFilter,
  after: StockPosition | undefined,
  pageSize: number,
): Promise<Page<StockLevel, StockPosition>> {
  const found = await listStock(db, filter, after, pageSize + 1);
  const entries = found.slice(0, pageSize);
  const last = entries.at(-1);
  return { entries, next: found.length > pageSize ? last : undefined };
}

/** Entries of the ledger that one statement looks at. */
const scannedMax = 500;

/** Statements of one call: a hold that is older than so many newer ones is found by the next page. */
const scansMax = 10;

/**
 * One page of the open holds of a SKU, newest first. The ledger does not say of a hold that it is open, so its newest
 * entries are looked at until as many units are found as the stock levels say are reserved: open holds are recent ones,
 * and an old ledger is not read.
 */
export async function openHoldsPage(
  db: Queryable,
  stock: StockOf,
  after: (HoldPosition & { readonly found: number }) | undefined,
  pageSize: number,
): Promise<Page<StockHold, HoldPosition & { readonly found: number }>> {
  const reserved = await sumReserved(db, stock);
  const entries: StockHold[] = [];
  let found = after?.found ?? 0;
  let position: HoldPosition | undefined = after;
  for (let scan = 0; scan < scansMax && found < reserved; scan += 1) {
    const scanned = await findHoldsOfSku(db, stock, position, scannedMax);
    for (const candidate of scanned) {
      position = candidate.position;
      if (candidate.hold.state === "held") {
        entries.push(candidate.hold);
        found += candidate.hold.quantity;
      }
      if (entries.length === pageSize) {
        return { entries, next: found < reserved ? { ...position, found } : undefined };
      }
    }
    if (scanned.length < scannedMax) {
      return { entries, next: undefined };
    }
  }
  return { entries, next: found < reserved && position !== undefined ? { ...position, found } : undefined };
}

/** All that an order ever held. */
export function holdsOfOrder(db: Queryable, orderId: bigint): Promise<readonly StockHold[]> {
  return findHoldsOfHolder(db, orderId);
}

/** One page of a SKU's ledger. */
export async function movementsPage(
  db: Queryable,
  stock: StockOf,
  after: MovementPosition | undefined,
  pageSize: number,
): Promise<Page<StockMovement, MovementPosition>> {
  const found = await listMovements(db, stock, after, pageSize + 1);
  const page = found.slice(0, pageSize);
  return {
    entries: page.map(({ movement }) => movement),
    next: found.length > pageSize ? page.at(-1)?.position : undefined,
  };
}

/**
 * What there was of a SKU during the last day.
 *
 * @throws Failure `not_found` when no warehouse ever had it.
 */
export async function stockTrend(db: Queryable, stock: StockOf): Promise<readonly StockTrendPoint[]> {
  const [known] = await listStock(db, { skus: [stock.sku], warehouseId: stock.warehouseId }, undefined, 1);
  if (known === undefined) {
    throw new Failure("not_found", `No warehouse knows SKU ${stock.sku}.`, {
      reason: "SKU_NOT_FOUND",
      metadata: { sku: `${stock.sku}` },
    });
  }
  const { now, changes } = await findChanges(db, stock);
  return trendOf(now, changes);
}
