import { eventually } from "@ordermesh/testkit/eventually";
import type postgres from "postgres";
import { expect, onTestFinished } from "vitest";

/** A lock in a service's database, with which a test stops the service at one statement and not at another. */
export interface HeldLock {
  /** The transaction that has it. */
  readonly tx: postgres.TransactionSql;
  /** Resolves when the service waits for it. */
  untilSomeoneWaits(): Promise<void>;
  /** Commits the transaction. Done at the end of the test, if not before. */
  release(): Promise<void>;
}

/** @param lock takes the lock. */
export async function holdLock(
  sql: postgres.Sql,
  lock: (tx: postgres.TransactionSql) => Promise<unknown>,
): Promise<HeldLock> {
  let letGo = () => {};
  const released = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let committed: Promise<unknown> = Promise.resolve();
  const tx = await new Promise<postgres.TransactionSql>((resolve, reject) => {
    committed = sql.begin(async (begun) => {
      await lock(begun);
      resolve(begun);
      await released;
    });
    committed.catch(reject);
  });
  async function release(): Promise<void> {
    letGo();
    await committed;
  }
  // A test that fails must not leave the service waiting.
  onTestFinished(release);
  return {
    tx,
    untilSomeoneWaits: () =>
      eventually(async () => {
        const waiting = await sql`select pid from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`;
        expect(waiting.length).toBeGreaterThan(0);
      }),
    release,
  };
}

/** Lets LOMS get no further with an order than to wanting the stock of this SKU. */
export function holdStock(lomsSql: postgres.Sql, sku: number): Promise<HeldLock> {
  return holdLock(lomsSql, (tx) => tx`select from stock_levels where sku = ${sku} for update`);
}

/** Lets the catalogue answer nothing. */
export function holdCatalogue(productSql: postgres.Sql): Promise<HeldLock> {
  return holdLock(productSql, (tx) => tx`lock table products in access exclusive mode`);
}
