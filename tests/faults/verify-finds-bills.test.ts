import { runVerify } from "@ordermesh/ordermesh/verify/run-verify";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { BillState } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { testLogger } from "@ordermesh/testkit/test-logger";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  cards,
  evenly,
  type PayingHouse,
  type SeatedTable,
  startPayingHouse,
} from "../../apps/tables/test/bill-table.ts";

/* As verify-finds.test.ts, for bills at tables: against their orders, their payments, and among themselves. */

let paying: PayingHouse;
let lomsSql: postgres.Sql;
let tablesSql: postgres.Sql;
let paymentsSql: postgres.Sql;

/** Settled: its first share by card, its second one in cash. */
let table: SeatedTable;
let settled: { billId: bigint; card: bigint; cash: bigint };
/** Taken back after a card was declined; its order is on another bill, which is open. */
let voided: { billId: bigint; share: bigint; sessionId: bigint };
let open: { billId: bigint };
/** Marked as paid by somebody of the platform, past the bills. */
let paidPastBills: bigint;

beforeAll(async () => {
  paying = await startPayingHouse();
  const { databaseUrl, databaseUrls } = paying.harness;
  const connect = (url: string) => postgres(url, { max: 1, onnotice: () => {} });
  lomsSql = connect(databaseUrls.loms ?? "");
  tablesSql = connect(databaseUrl);
  paymentsSql = connect(databaseUrls.payments ?? "");

  table = await paying.seat({ pastas: 1 }, { espressos: 1 });
  const bill = await table.bill();
  await table.pay(table.guests[0]!, bill.shares[0]!);
  await table.cash(bill.shares[1]!);
  settled = { billId: bill.billId, card: bill.shares[0]!.shareId, cash: bill.shares[1]!.shareId };

  const other = await paying.seat({ pastas: 1 });
  const { sessionId } = other;
  const first = await other.bill();
  await other.pay(other.guests[0]!, first.shares[0]!, cards.declined);
  await paying.house.staff.voidBill({ sessionId, billId: first.billId });
  voided = { billId: first.billId, share: first.shares[0]!.shareId, sessionId };
  open = { billId: (await other.bill(evenly(2))).billId };

  const third = await paying.seat({ espressos: 1 });
  [paidPastBills = 0n] = third.orderIds;
  await paying.loms.payOrder({ orderId: paidPastBills });

  await eventually(
    async () => {
      expect(await table.statuses()).toEqual([OrderStatus.PAID, OrderStatus.PAID]);
      expect((await table.bills())[0]?.state).toBe(BillState.SETTLED);
      expect(await findings()).toEqual([]);
    },
    { timeoutMs: 60_000, everyMs: 500 },
  );
});

afterAll(async () => {
  await Promise.all([lomsSql, tablesSql, paymentsSql].map((sql) => sql?.end()));
  await paying?.stop();
});

async function findings(): Promise<{ invariant: string; text: string }[]> {
  const { databaseUrl, databaseUrls, brokers } = paying.harness;
  const results = await runVerify(
    {
      lomsDatabaseUrl: databaseUrls.loms ?? "",
      paymentsDatabaseUrl: databaseUrls.payments ?? "",
      tablesDatabaseUrl: databaseUrl,
      paymentsSettleSeconds: 0,
      tablesSettleSeconds: 0,
      kafkaBrokers: brokers,
    },
    testLogger(),
  );
  return results.flatMap((result) => [...result.findings]);
}

interface Damage {
  readonly where: "tables" | "loms" | "payments";
  readonly what: string;
  readonly breakIt: () => string;
  readonly mendIt: () => string;
  readonly says: () => string;
  readonly invariant?: string;
}

const paymentOf = (share: bigint) => `bill_share_id = ${share}`;

const damages: Damage[] = [
  {
    where: "tables",
    what: "a share that has grown",
    breakIt: () => `update bill_shares set amount_minor = amount_minor + 1 where id = ${settled.cash}`,
    mendIt: () => `update bill_shares set amount_minor = amount_minor - 1 where id = ${settled.cash}`,
    says: () =>
      `bill ${settled.billId} of session ${table.sessionId}: it is 1350, its orders are 1350, its shares 1351`,
  },
  {
    where: "tables",
    what: "an order that costs something else on its bill",
    breakIt: () => `update bill_orders set total_minor = 1 where order_id = ${table.orderIds[0]}`,
    mendIt: () => `update bill_orders set total_minor = 1100 where order_id = ${table.orderIds[0]}`,
    says: () => `bill ${settled.billId} of session ${table.sessionId}: it is 1350, its orders are 250`,
  },
  {
    where: "tables",
    what: "a settled bill that nobody has paid wholly",
    breakIt: () =>
      `update bill_shares set state = 'unpaid', settled_by = null, paid_at = null where id = ${settled.cash}`,
    mendIt: () =>
      `update bill_shares set state = 'paid', settled_by = 'cash', paid_at = now() where id = ${settled.cash}`,
    says: () => `bill ${settled.billId} of session ${table.sessionId} is settled: 1 of its 2 shares are paid`,
  },
  {
    where: "tables",
    what: "a paid bill that was not settled",
    breakIt: () => `update bills set state = 'open', ended_at = null where id = ${settled.billId}`,
    mendIt: () => `update bills set state = 'settled', ended_at = now() where id = ${settled.billId}`,
    says: () => `bill ${settled.billId} of session ${table.sessionId} is open: 2 of its 2 shares are paid`,
  },
  {
    where: "tables",
    what: "an open bill of a closed session",
    breakIt: () => `update sessions set state = 'closed', closed_at = now() where id = ${voided.sessionId}`,
    mendIt: () => `update sessions set state = 'open', closed_at = null where id = ${voided.sessionId}`,
    says: () => `bill ${open.billId} of session ${voided.sessionId} is open, but the session is closed`,
  },
  {
    where: "tables",
    what: "an order on two bills",
    breakIt: () => `update bills set state = 'open', ended_at = null where id = ${voided.billId}`,
    mendIt: () => `update bills set state = 'void', ended_at = now() where id = ${voided.billId}`,
    says: () => `names bill ${open.billId}, and is on ${voided.billId}, ${open.billId}`,
  },
  {
    where: "tables",
    what: "an order that forgot its bill",
    breakIt: () => `update session_orders set bill_id = null where order_id = ${table.orderIds[0]}`,
    mendIt: () =>
      `update session_orders set bill_id = ${settled.billId} where order_id = ${table.orderIds[0]}`,
    says: () => `order ${table.orderIds[0]} names bill none, and is on ${settled.billId}`,
  },
  {
    where: "tables",
    what: "money that a session counts and nobody paid",
    breakIt: () => `update sessions set paid_minor = paid_minor + 5 where id = ${table.sessionId}`,
    mendIt: () => `update sessions set paid_minor = paid_minor - 5 where id = ${table.sessionId}`,
    says: () => `session ${table.sessionId} counts 1355 as paid, but 1350 was`,
  },
  {
    where: "tables",
    what: "an order that LOMS is never told of",
    breakIt: () =>
      `update bill_orders set pay_at = now() + interval '1 hour', paid_at = null where order_id = ${table.orderIds[0]}`,
    mendIt: () =>
      `update bill_orders set pay_at = null, paid_at = now() where order_id = ${table.orderIds[0]}`,
    says: () =>
      `order ${table.orderIds[0]} of bill ${settled.billId} is still to be paid at the order service`,
  },
  {
    where: "tables",
    what: "a payment that is never ended",
    breakIt: () => `update bill_shares set cancel_at = now() + interval '1 hour' where id = ${voided.share}`,
    mendIt: () => `update bill_shares set cancel_at = null where id = ${voided.share}`,
    says: () => `the payment of share ${voided.share} of bill ${voided.billId} is still to be ended`,
  },
  {
    where: "tables",
    what: "cash for which a card was charged",
    breakIt: () => `update bill_shares set settled_by = 'cash' where id = ${settled.card}`,
    mendIt: () => `update bill_shares set settled_by = 'card' where id = ${settled.card}`,
    says: () => `share ${settled.card} (paid by cash): its payment (captured) keeps 1100 instead of 0`,
  },
  {
    where: "tables",
    what: "a card that nobody charged",
    breakIt: () => `update bill_shares set settled_by = 'card' where id = ${settled.cash}`,
    mendIt: () => `update bill_shares set settled_by = 'cash' where id = ${settled.cash}`,
    says: () => `share ${settled.cash} (paid by card): it has no payment`,
  },
  {
    where: "loms",
    what: "an order of a settled bill that is not paid",
    breakIt: () => `update orders set status = 'served' where id = ${table.orderIds[0]}`,
    mendIt: () => `update orders set status = 'paid' where id = ${table.orderIds[0]}`,
    says: () => `order ${table.orderIds[0]} of settled bill ${settled.billId} is not paid`,
  },
  {
    where: "loms",
    what: "an order that is paid and on no bill",
    breakIt: () =>
      `update order_history set actor = 'service:tables' where order_id = ${paidPastBills} and status = 'paid'`,
    mendIt: () =>
      `update order_history set actor = 'user:1' where order_id = ${paidPastBills} and status = 'paid'`,
    says: () => `order ${paidPastBills} is paid, but no settled bill has it`,
  },
  {
    where: "payments",
    what: "a payment of another amount",
    breakIt: () => `update payments set amount_minor = 1000 where ${paymentOf(settled.card)}`,
    mendIt: () => `update payments set amount_minor = 1100 where ${paymentOf(settled.card)}`,
    says: () => `share ${settled.card} (paid by card): it is of 1100 EUR, but its payment of 1000 EUR`,
  },
  {
    where: "payments",
    what: "money for a share that is on no bill",
    breakIt: () => `update payments set bill_share_id = 999999 where ${paymentOf(settled.card)}`,
    mendIt: () => `update payments set bill_share_id = ${settled.card} where bill_share_id = 999999`,
    says: () => "share 999999: 1100 is kept for it, but no bill has it",
  },
  {
    where: "payments",
    invariant: "I7",
    what: "a capture of a share that the provider has not",
    breakIt: () =>
      `update sandbox_captures set amount_minor = 1 where reference = 'bill-share/${settled.card}'`,
    mendIt: () =>
      `update sandbox_captures set amount_minor = 1100 where reference = 'bill-share/${settled.card}'`,
    says: () =>
      `(bill-share/${settled.card}): the provider has captured of 1, the payment has captured of 1100`,
  },
  {
    where: "payments",
    invariant: "I12",
    what: "money for a share that was ended and is not back",
    breakIt: () => `update payments set order_state = 'bill_voided' where ${paymentOf(settled.card)}`,
    mendIt: () => `update payments set order_state = 'awaiting_payment' where ${paymentOf(settled.card)}`,
    says: () => `of bill share ${settled.card} (bill_voided): captured 1100, refunded 0`,
  },
];

test.each(damages)("in $where: $what is found", async ({ where, what, breakIt, mendIt, says, invariant }) => {
  const sql = { tables: tablesSql, loms: lomsSql, payments: paymentsSql }[where];
  await sql.unsafe(breakIt());
  const found = await findings();
  await sql.unsafe(mendIt());
  expect(found, what).toContainEqual({
    invariant: invariant ?? "I16",
    text: expect.stringContaining(says()),
  });
});

test("once all is mended nothing is found: also nothing about an order that was paid past the bills", async () => {
  expect(await findings()).toEqual([]);
});
