import { createKafkaClient } from "@ordermesh/kafka/client";
import { type Database, openDatabase } from "@ordermesh/postgres/database";
import type { Logger } from "@ordermesh/telemetry/logger";
import { checkPurchases } from "./checkout-checks.ts";
import { checkEvents, findExpectedEvents, readOrderEvents } from "./event-checks.ts";
import type { CheckResult } from "./finding.ts";
import { checkHistories } from "./history-checks.ts";
import { lomsChecks } from "./loms-checks.ts";
import { checkNotifications, readConsumerState } from "./notification-checks.ts";
import {
  checkPaymentsOfOrders,
  findOrdersWithTotal,
  paymentChecks,
  settleSecondsDefault,
} from "./payment-checks.ts";
import { checkOrderRefunds, findOrderRefunds } from "./refund-checks.ts";
import { snapshot } from "./snapshot.ts";
import { runSqlCheck } from "./sql-check.ts";
import { timerLatenessChecks, timerStateChecks } from "./timer-checks.ts";
import { verifyTables } from "./verify-tables.ts";
import { voucherChecks } from "./voucher-checks.ts";

export interface VerifyTargets {
  readonly lomsDatabaseUrl: string;
  /** Left out: carts are not checked. */
  readonly checkoutDatabaseUrl?: string;
  /** Left out: effects of events are not checked. */
  readonly notificationsDatabaseUrl?: string;
  /** Left out: payments are not checked. */
  readonly paymentsDatabaseUrl?: string;
  /** The longest that one look at a database may take; ten minutes unless told. */
  readonly databaseTimeoutMs?: number;
  /** Left out: sessions at tables are not checked. */
  readonly tablesDatabaseUrl?: string;
  /** How long money may be under way; a minute unless told. */
  readonly paymentsSettleSeconds?: number;
  /** How long orders at tables, and closing sessions, may be under way; a minute unless told. */
  readonly tablesSettleSeconds?: number;
  readonly kafkaBrokers: readonly string[];
}

/** A ledger of millions of rows takes its time. */
const databaseTimeoutMsDefault = 10 * 60_000;
const topicTimeoutMs = 5 * 60_000;

/**
 * Recomputes what must always hold, on a running installation, from one snapshot of each database. Nothing is
 * written and no lock is taken that would keep anybody waiting.
 *
 * @param results gets each result as soon as it is there.
 * @throws Failure `unavailable` when a database or the broker can not be reached.
 */
export async function runVerify(
  targets: VerifyTargets,
  logger: Logger,
  results: CheckResult[] = [],
): Promise<CheckResult[]> {
  const { databaseTimeoutMs = databaseTimeoutMsDefault } = targets;
  const open = (url: string) => openVerified(url, databaseTimeoutMs);
  const kafka = createKafkaClient({ brokers: targets.kafkaBrokers, clientId: "ordermesh-verify", logger });
  const loms = open(targets.lomsDatabaseUrl);
  const checkout = targets.checkoutDatabaseUrl === undefined ? undefined : open(targets.checkoutDatabaseUrl);
  const notifications =
    targets.notificationsDatabaseUrl === undefined ? undefined : open(targets.notificationsDatabaseUrl);
  const payments = targets.paymentsDatabaseUrl === undefined ? undefined : open(targets.paymentsDatabaseUrl);
  const tables = targets.tablesDatabaseUrl === undefined ? undefined : open(targets.tablesDatabaseUrl);
  try {
    const expected = await snapshot(loms, async (tx) => {
      for (const check of [...lomsChecks, ...voucherChecks, ...timerStateChecks, ...timerLatenessChecks]) {
        results.push(await runSqlCheck(tx, check));
      }
      results.push(await checkHistories(tx));
      return await findExpectedEvents(tx);
    });
    // Read after the snapshot: whatever had left the outbox then is on the topic now.
    const topic = await readOrderEvents(kafka, topicTimeoutMs);
    results.push(checkEvents(expected, topic));

    if (checkout !== undefined) {
      // The order is there before the purchase names it, so the carts' snapshot must be the older one.
      const carts = await snapshot(checkout, (cartsTx) => loms.read((db) => checkPurchases(cartsTx, db)));
      results.push(carts);
    }
    if (notifications !== undefined) {
      const state = await readConsumerState(kafka, topicTimeoutMs);
      results.push(await snapshot(notifications, (db) => checkNotifications({ ...state, topic, db })));
    }
    if (payments !== undefined) {
      results.push(...(await verifyPayments(loms, payments, targets.paymentsSettleSeconds)));
    }
    if (tables !== undefined) {
      results.push(
        ...(await verifyTables(loms, tables, targets.tablesSettleSeconds ?? settleSecondsDefault, payments)),
      );
    }
    return results;
  } finally {
    const all = [loms, checkout, notifications, payments, tables];
    await Promise.all(all.map((database) => database?.close()));
  }
}

async function verifyPayments(
  loms: Database,
  payments: Database,
  settleSeconds = settleSecondsDefault,
): Promise<CheckResult[]> {
  const { orders, refunds } = await snapshot(loms, async (tx) => ({
    orders: await findOrdersWithTotal(tx, settleSeconds),
    refunds: await findOrderRefunds(tx, settleSeconds),
  }));
  return await snapshot(payments, async (tx) => {
    const results: CheckResult[] = [];
    for (const check of paymentChecks(settleSeconds)) {
      results.push(await runSqlCheck(tx, check));
    }
    results.push(await checkPaymentsOfOrders(orders, tx));
    return [...results, await checkOrderRefunds(refunds, tx, settleSeconds)];
  });
}

function openVerified(url: string, timeoutMs: number): Database {
  return openDatabase({
    url,
    applicationName: "ordermesh verify",
    connectionsMax: 2,
    timeoutMs,
  });
}
