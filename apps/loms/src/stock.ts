import { createHash } from "node:crypto";
import { Failure } from "@ordermesh/failure/failure";
import type { Database } from "@ordermesh/postgres/database";
import type { Queryable, Tx } from "@ordermesh/postgres/tx";
import { type Batcher, createBatcher } from "@ordermesh/process/batcher";
import { reusedKey } from "./create-orders.ts";
import type { StockLevel } from "./domain/stock.ts";
import { claimIntents, findIntents } from "./sql/idempotency-keys.ts";
import { findStockLevels, insertReceipts } from "./sql/stock.ts";

const method = "ReceiveStock";
const caller = "backend";

/** The most that a stock level's column can hold. */
const onHandMax = 2_147_483_647;

export interface Receipt {
  readonly sku: number;
  readonly warehouseId: bigint;
  readonly quantity: number;
}

/**
 * Adds goods that arrived. Receipts of one SKU and warehouse are added up.
 *
 * @returns the touched levels as they are afterwards.
 * @throws Failure `invalid_argument` when the key was used for another delivery, or a level would overflow.
 */
export async function receiveStock(
  tx: Tx,
  receipts: readonly Receipt[],
  idempotencyKey: string,
): Promise<{ readonly levels: readonly StockLevel[]; readonly replayed: boolean }> {
  const sums = addUp(receipts);
  const requestHash = createHash("sha256")
    .update(sums.map(({ sku, warehouseId, quantity }) => `${sku}/${warehouseId}/${quantity}`).join("|"))
    .digest("hex");
  const intent = { caller, key: idempotencyKey, requestHash };
  if ((await claimIntents(tx, method, [intent], [0n])) === 0) {
    const [earlier] = await findIntents(tx, method, [intent]);
    if (earlier?.requestHash !== requestHash) {
      throw reusedKey();
    }
    return { levels: await touchedLevels(tx, sums), replayed: true };
  }

  const before = await touchedLevels(tx, sums);
  const onHandByLevel = new Map(before.map((level) => [`${level.sku}/${level.warehouseId}`, level.onHand]));
  for (const { sku, warehouseId, quantity } of sums) {
    if ((onHandByLevel.get(`${sku}/${warehouseId}`) ?? 0) + quantity > onHandMax) {
      throw new Failure(
        "invalid_argument",
        `Warehouse ${warehouseId} can not hold so many units of SKU ${sku}.`,
        {
          reason: "STOCK_LEVEL_TOO_HIGH",
          fieldViolations: [
            { field: "receipts", description: `at most ${onHandMax} units fit a stock level` },
          ],
        },
      );
    }
  }
  insertReceipts(tx, sums);
  return { levels: await touchedLevels(tx, sums), replayed: false };
}

function addUp(receipts: readonly Receipt[]): Receipt[] {
  const sums = new Map<string, Receipt>();
  for (const receipt of receipts) {
    const level = `${receipt.sku}/${receipt.warehouseId}`;
    const earlier = sums.get(level)?.quantity ?? 0;
    sums.set(level, { ...receipt, quantity: earlier + receipt.quantity });
  }
  return [...sums.values()].sort((a, b) => a.sku - b.sku || Number(a.warehouseId - b.warehouseId));
}

async function touchedLevels(tx: Queryable, receipts: readonly Receipt[]): Promise<StockLevel[]> {
  const touched = new Set(receipts.map(({ sku, warehouseId }) => `${sku}/${warehouseId}`));
  const levels = await findStockLevels(tx, [...new Set(receipts.map((receipt) => receipt.sku))]);
  return levels.filter(({ sku, warehouseId }) => touched.has(`${sku}/${warehouseId}`));
}

/**
 * What each warehouse has of one SKU.
 *
 * @throws Failure `not_found` when no warehouse ever had it.
 */
export async function listStockLevels(db: Queryable, sku: number): Promise<StockLevel[]> {
  const levels = await findStockLevels(db, [sku]);
  if (levels.length === 0) {
    throw new Failure("not_found", `No warehouse knows SKU ${sku}.`, {
      reason: "SKU_NOT_FOUND",
      metadata: { sku: `${sku}` },
    });
  }
  return levels;
}

export interface Availability {
  readonly sku: number;
  readonly available: number;
  readonly known: boolean;
}

/** How much of each SKU could be reserved now, over all warehouses, for each call in the order it asked. */
async function getAvailabilities(
  db: Queryable,
  calls: readonly (readonly number[])[],
): Promise<Availability[][]> {
  const levels = await findStockLevels(db, [...new Set(calls.flat())]);
  const availableBySku = new Map<number, number>();
  for (const { sku, onHand, reserved } of levels) {
    availableBySku.set(sku, (availableBySku.get(sku) ?? 0) + onHand - reserved);
  }
  return calls.map((skus) =>
    skus.map((sku) => ({
      sku,
      available: availableBySku.get(sku) ?? 0,
      known: availableBySku.has(sku),
    })),
  );
}

/** SKUs in one read. */
const availabilitySkusMax = 4_000;

/** Calls that wait for the next read; more are refused. */
const availabilityCallsMax = 10_000;

/**
 * Has concurrent callers share one read: every AddToCart asks for one SKU, and a statement for each was most of what
 * its answer cost.
 */
export function createAvailabilityReads(
  database: Database,
): Batcher<readonly number[], readonly Availability[]> {
  return createBatcher({
    requestsMax: 256,
    weightMax: availabilitySkusMax,
    queueMax: availabilityCallsMax,
    weigh: (skus) => skus.length,
    run: (calls) => database.read((db) => getAvailabilities(db, calls)),
  });
}
