import { checkHistories } from "@ordermesh/ordermesh/verify/history-checks";
import { lomsChecks } from "@ordermesh/ordermesh/verify/loms-checks";
import { runSqlCheck } from "@ordermesh/ordermesh/verify/sql-check";
import { timerStateChecks } from "@ordermesh/ordermesh/verify/timer-checks";
import { openDatabase } from "@ordermesh/postgres/database";
import { expect } from "vitest";

/**
 * What `ordermesh verify` recomputes from the tables of this service: stock from its ledger, and where each order, item and
 * refund stands from its history, with the timers of its state.
 *
 * @returns how many orders were looked at.
 */
export async function expectTablesAgree(databaseUrl: string): Promise<number> {
  const database = openDatabase({
    url: databaseUrl,
    applicationName: "verify",
    connectionsMax: 2,
    timeoutMs: 60_000,
  });
  try {
    return await database.read(async (db) => {
      const results = [await checkHistories(db)];
      for (const check of [...lomsChecks, ...timerStateChecks]) {
        results.push(await runSqlCheck(db, check));
      }
      expect(
        results.flatMap(({ findings }) => findings.map(({ invariant, text }) => `${invariant} ${text}`)),
      ).toEqual([]);
      return results[0]?.examined ?? 0;
    });
  } finally {
    await database.close();
  }
}
