import { type Database, openDatabase } from "@ordermesh/postgres/database";
import { eventually } from "@ordermesh/testkit/eventually";
import { type FreshDatabase, freshDatabase } from "@ordermesh/testkit/fresh-database";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reserve } from "../src/reservations.ts";
import { receiveStock } from "../src/stock.ts";
import { fireReservationTimers } from "../src/timers.ts";

/*
 * Timers locked the stock of the orders that they expired, and then the stock of one reservation after the other: each in
 * order, but not all of them together. With orders being placed on the same SKUs, some caller was told "Another
 * transaction was in the way" several times a second.
 */

let fresh: FreshDatabase;
let database: Database;
let other: postgres.Sql;
const ids: bigint[] = [];

beforeAll(async () => {
  fresh = await freshDatabase({ migrations: new URL("../migrations/", import.meta.url) });
  database = openDatabase({
    url: fresh.url,
    applicationName: "timers",
    connectionsMax: 4,
    timeoutMs: 10_000,
  });
  other = postgres(fresh.url, { max: 2, onnotice: () => {} });
  await database.transaction((tx) =>
    receiveStock(
      tx,
      [1, 2].map((sku) => ({ sku, warehouseId: 220n, quantity: 100 })),
      "stock",
    ),
  );
});

afterAll(async () => {
  await other.end();
  await database.close();
  await fresh.drop();
});

/** Reserves one unit for a moment; the ids rise. */
async function reserveBriefly(sku: number, ttlMs: number): Promise<bigint> {
  const id = BigInt(ids.push(0n));
  const request = { lines: [{ sku, quantity: 1 }], ttlMs, idempotencyKey: `reservation ${id}` };
  await database.transaction((tx) => reserve(tx, id, request));
  return id;
}

async function untilWaitingForLock(): Promise<void> {
  await eventually(async () => {
    const waiting = await other`select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`;
    expect(waiting).toHaveLength(1);
  });
}

test("reservations that expire together lock their stock in the order in which everything does", async () => {
  await reserveBriefly(2, 1);
  await reserveBriefly(1, 1);
  const fired = await other.begin(async (tx) => {
    await tx`select from stock_levels where sku = 1 for update`;
    const firing = fireReservationTimers(database);
    await untilWaitingForLock();
    // Whoever has the first SKU may go on to the second.
    await tx`select from stock_levels where sku = 2 for update nowait`;
    return { firing };
  });
  expect(await fired.firing).toMatchObject({ fired: 2, reservationsExpired: 2 });
});

test("stock is not locked while another reservation is being waited for", async () => {
  await reserveBriefly(1, 1);
  const inOtherHands = await reserveBriefly(2, 1);
  const fired = await other.begin(async (tx) => {
    await tx`select from reservations where id = ${`${inOtherHands}`} for update`;
    const firing = fireReservationTimers(database);
    await untilWaitingForLock();
    // Whoever commits a reservation locks it, and then its stock.
    await tx`select from stock_levels where sku in (1, 2) for update nowait`;
    return { firing };
  });
  expect(await fired.firing).toMatchObject({ fired: 2, reservationsExpired: 2 });
});
