import type { Database } from "@ordermesh/postgres/database";
import {
  billChecks,
  checkOrdersOfBills,
  checkPaymentsOfShares,
  findPaidAtTables,
  findSharesWithCards,
} from "./bill-checks.ts";
import type { CheckResult } from "./finding.ts";
import { snapshot } from "./snapshot.ts";
import { runSqlCheck } from "./sql-check.ts";
import { checkOrdersOfSessions, findOrdersAtTables, sessionChecks } from "./table-checks.ts";

/**
 * I16: sessions at tables against the orders that they have, and their bills against orders and payments.
 *
 * @param payments left out: shares are not checked against their payments.
 * @param settleSeconds how long something may be under way.
 */
export async function verifyTables(
  loms: Database,
  tables: Database,
  settleSeconds: number,
  payments?: Database,
): Promise<CheckResult[]> {
  const { orders, paid } = await snapshot(loms, async (tx) => ({
    orders: await findOrdersAtTables(tx, settleSeconds),
    paid: await findPaidAtTables(tx, settleSeconds),
  }));
  const { results, shares } = await snapshot(tables, async (tx) => {
    const found: CheckResult[] = [];
    for (const check of [...sessionChecks(settleSeconds), ...billChecks(settleSeconds)]) {
      found.push(await runSqlCheck(tx, check));
    }
    found.push(await checkOrdersOfSessions(orders, tx, settleSeconds));
    found.push(await checkOrdersOfBills(paid, tx, settleSeconds));
    return { results: found, shares: await findSharesWithCards(tx, settleSeconds) };
  });
  if (payments !== undefined) {
    results.push(await snapshot(payments, (tx) => checkPaymentsOfShares(shares, tx, settleSeconds)));
  }
  return results;
}
