import { eventually } from "@ordermesh/testkit/eventually";
import type postgres from "postgres";
import { expect } from "vitest";

/**
 * Makes a call while a lock keeps a service from getting on with it, waits until the service does wait for that lock,
 * does something meanwhile, and lets it go on.
 *
 * @param sql of the service's database.
 * @param lock takes the lock.
 */
export async function holdingUp<Result>(
  sql: postgres.Sql,
  lock: (tx: postgres.TransactionSql) => Promise<unknown>,
  makeCall: () => Promise<Result>,
  during: () => unknown,
): Promise<Result> {
  const calls: Promise<Result>[] = [];
  await sql.begin(async (tx) => {
    await lock(tx);
    calls.push(makeCall());
    await eventually(async () => {
      const waiting = await sql`select pid from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`;
      expect(waiting.length).toBeGreaterThan(0);
    });
    await during();
  });
  const [result] = await Promise.all(calls);
  return result as Result;
}
