import { fromBinary } from "@bufbuild/protobuf";
import { createKafkaClient } from "@ordermesh/kafka/client";
import { readToEnd } from "@ordermesh/kafka/read-to-end";
import type { IncomingRecord } from "@ordermesh/kafka/record";
import { BillMadeSchema, BillSettledSchema } from "@ordermesh/proto/ordermesh/events/v1/table_events_pb";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { PaymentStatus, RefundReason } from "@ordermesh/proto/ordermesh/payments/v1/payment_pb";
import {
  BillState,
  SessionState,
  SettlementKind,
  ShareState,
} from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { testLogger } from "@ordermesh/testkit/test-logger";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  cards,
  evenly,
  ledgerOf,
  type PayingHouse,
  type SeatedTable,
  startPayingHouse,
  tokenOf,
} from "./bill-table.ts";
import { refusalOf } from "./refusal.ts";

/* Money for a share that is settled in another way, or not owed any more, goes back; and nothing is lost on the way. */

let paying: PayingHouse;
beforeAll(async () => {
  paying = await startPayingHouse();
});
afterAll(() => paying?.stop());

/** Waits until all that was captured for a share has gone back. */
async function untilGivenBack(house: PayingHouse, shareId: bigint, captures: number): Promise<void> {
  await eventually(async () =>
    expect(await ledgerOf(house.paymentsSql, shareId)).toEqual({ captures, kept: 0n }),
  );
}

test("what is captured after a share was paid in cash goes back, and the reason is told", async () => {
  const table = await paying.seat({ pastas: 1 });
  const [share] = (await table.bill()).shares;
  await table.pay(table.guests[0]!, share!, cards.declined);
  await table.cash(share!);
  await paying.captureLate(share!.shareId);
  await untilGivenBack(paying, share!.shareId, 1);
  expect(await table.share(share!.shareId)).toMatchObject({ settledBy: SettlementKind.CASH });
  const [row] = await paying.paymentsSql<{ id: bigint }[]>`
    select id from payments where bill_share_id = ${share!.shareId}`;
  const { payment } = await paying.payments.getPayment({ paymentId: row!.id });
  expect(payment).toMatchObject({ status: PaymentStatus.REFUNDED });
  expect(payment?.refunds.map(({ reason }) => reason)).toEqual([RefundReason.BILL_VOIDED]);
});

test("what a declined card is charged for after all, while nobody has paid otherwise, pays the share", async () => {
  const table = await paying.seat({ pastas: 1 });
  const [share] = (await table.bill()).shares;
  await table.pay(table.guests[0]!, share!, cards.declined);
  await paying.captureLate(share!.shareId);
  await table.untilShare(share!.shareId, ShareState.PAID);
  expect((await table.bills())[0]?.state).toBe(BillState.SETTLED);
  expect(await ledgerOf(paying.paymentsSql, share!.shareId)).toEqual({ captures: 1, kept: 1_100n });
});

test("a bill that was taken back is paid by nobody, and its orders go on another one", async () => {
  const table = await paying.seat({ pastas: 1 }, { espressos: 1 });
  const { sessionId } = table;
  const { staff } = paying.house;
  const { billId, shares } = await table.bill();
  await table.pay(table.guests[0]!, shares[0]!, cards.declined);
  expect(await staff.voidBill({ sessionId, billId })).toMatchObject({ bill: { state: BillState.VOID } });
  expect(await staff.voidBill({ sessionId, billId })).toMatchObject({ bill: { state: BillState.VOID } });
  expect(await refusalOf(table.pay(table.guests[0]!, shares[0]!))).toMatchObject({ reason: "BILL_VOID" });
  expect(await refusalOf(table.cash(shares[1]!))).toMatchObject({ reason: "BILL_VOID" });
  await paying.captureLate(shares[0]!.shareId);
  await untilGivenBack(paying, shares[0]!.shareId, 1);

  const again = await table.bill(evenly(1));
  expect(again.orderIds).toEqual(table.orderIds);
  await table.pay(table.guests[1]!, again.shares[0]!);
  expect((await table.bills()).map(({ state }) => state)).toEqual([BillState.VOID, BillState.SETTLED]);
  expect(await refusalOf(staff.voidBill({ sessionId, billId: again.billId }))).toMatchObject({
    reason: "BILL_HAS_PAYMENTS",
  });
});

test("taking back against paying: whoever comes first has it, and never both", async () => {
  const { staff } = paying.house;
  const { sql } = paying.harness;
  const seen = { void: 0, paid: 0 };
  for (let round = 0; round < 8; round += 1) {
    const table = await paying.seat({ espressos: 1 });
    const { billId, shares } = await table.bill();
    const { shareId } = shares[0]!;
    const { sessionId } = table;
    const [guest] = table.guests;
    const paymentMethod = await tokenOf(guest!, sessionId, cards.good);
    const takeBack = () => staff.voidBill({ sessionId, billId });
    const pay = () => guest!.client.payShare({ sessionId, shareId, paymentMethod, idempotencyKey: "race" });
    const voidsFirst = round % 2 === 0;
    // Both wait for the session's lock, in this order, before one of them has read anything.
    const racing = await sql.begin(async (tx) => {
      await tx`select from sessions where id = ${sessionId} for update`;
      const calls: Promise<unknown>[] = [];
      for (const call of voidsFirst ? [takeBack, pay] : [pay, takeBack]) {
        calls.push(call().catch((error: unknown) => error));
        await eventually(async () => {
          const waiting = await sql`select from pg_stat_activity
            where datname = current_database() and application_name = 'tables' and wait_event_type = 'Lock'`;
          expect(waiting).toHaveLength(calls.length);
        });
      }
      return { calls };
    });
    await Promise.all(racing.calls);
    const [bill] = await table.bills();
    expect(bill?.state).toBe(voidsFirst ? BillState.VOID : BillState.SETTLED);
    expect(await ledgerOf(paying.paymentsSql, shareId)).toEqual(
      voidsFirst ? { captures: 0, kept: 0n } : { captures: 1, kept: 250n },
    );
    seen[voidsFirst ? "void" : "paid"] += 1;
  }
  process.stdout.write(`void against pay: ${seen.void} taken back, ${seen.paid} paid\n`);
  expect(seen).toEqual({ void: 4, paid: 4 });
});

test("while payments is away nothing is paid, and the same key pays once it is back", async () => {
  const table = await paying.seat({ pastas: 1 });
  const [guest] = table.guests;
  const [share] = (await table.bill()).shares;
  const paymentMethod = await tokenOf(guest!, table.sessionId, cards.good);
  const request = {
    sessionId: table.sessionId,
    shareId: share!.shareId,
    paymentMethod,
    idempotencyKey: "one",
  };
  const link = paying.harness.links.payments!;
  link.refuse();
  expect(await refusalOf(guest!.client.payShare(request))).toMatchObject({ code: "Unavailable" });
  expect(await table.share(share!.shareId)).toMatchObject({ state: ShareState.UNPAID, declineCode: "" });
  link.heal();
  await eventually(async () => {
    const { share: paid } = await guest!.client.payShare(request);
    expect(paid?.state).toBe(ShareState.PAID);
  });
  expect(await ledgerOf(paying.paymentsSql, share!.shareId)).toEqual({ captures: 1, kept: 1_100n });
});

test("while LOMS is away a bill is settled all the same, and LOMS is told later; until then the session stays", async () => {
  const table = await paying.seat({ pastas: 1 });
  const [share] = (await table.bill()).shares;
  const link = paying.harness.links.loms!;
  link.refuse();
  expect(await table.pay(table.guests[0]!, share!)).toMatchObject({ state: ShareState.PAID });
  expect((await table.bills())[0]?.state).toBe(BillState.SETTLED);
  const { sessionId } = table;
  expect(await refusalOf(paying.house.staff.closeSession({ sessionId }))).toMatchObject({
    subjects: [`bills/${(await table.bills())[0]?.billId}`],
  });
  link.heal();
  await eventually(async () => expect(await table.statuses()).toEqual([OrderStatus.PAID]));
  await paying.house.staff.closeSession({ sessionId });
});

test("bills are told on the session's stream and topic", async () => {
  const table = await paying.seat({ pastas: 1 });
  const { sessionId } = table;
  const before = (await paying.house.staff.getSession({ sessionId })).session!.version;
  const bill = await table.bill();
  await table.pay(table.guests[0]!, bill.shares[0]!);
  await eventually(async () => expect(await table.statuses()).toEqual([OrderStatus.PAID]));
  const watching = new AbortController();
  const seen: string[] = [];
  const stream = paying.house.staff.watchSession(
    { sessionId },
    { signal: watching.signal, timeoutMs: 20_000 },
  );
  for await (const { update } of stream) {
    if (update.case === "session") {
      // The order on the bill, the bill, its share being paid, settled, and the order paid.
      expect(update.value.version).toBe(before + 5);
      seen.push(...update.value.bills.map(({ state }) => BillState[state]));
      break;
    }
  }
  watching.abort();
  expect(seen).toEqual(["SETTLED"]);
  const records = await eventually(async () => {
    const found = await recordsOf(paying, sessionId);
    expect(found.length).toBeGreaterThanOrEqual(4);
    return found;
  });
  const types = records.map(({ headers }) => headers.ce_type?.split(".").at(-1));
  expect(types).toEqual(["SessionOpened", "GuestJoined", "BillMade", "BillSettled"]);
  const made = fromBinary(BillMadeSchema, records[2]!.value);
  const settled = fromBinary(BillSettledSchema, records[3]!.value);
  const { billId, orderIds } = bill;
  expect(made).toMatchObject({ billId, orderIds, total: { amountMinor: 1_100n }, session: { sessionId } });
  expect(settled).toMatchObject({ billId, session: { version: before + 4 } });
});

async function recordsOf({ harness }: PayingHouse, sessionId: bigint): Promise<IncomingRecord[]> {
  const client = createKafkaClient({ brokers: harness.brokers, clientId: "test", logger: testLogger() });
  const found: IncomingRecord[] = [];
  await readToEnd({
    client,
    topic: "tables.events.v1",
    timeoutMs: 20_000,
    onRecords: (records) => void found.push(...records.filter(({ key }) => key === `${sessionId}`)),
  });
  return found;
}

async function forceClose(house: PayingHouse, { sessionId }: SeatedTable): Promise<void> {
  await eventually(
    async () => {
      const { session } = await house.house.staff.closeSession({
        sessionId,
        force: true,
        reason: "they left",
      });
      expect(session?.state).toBe(SessionState.CLOSED);
    },
    { timeoutMs: 30_000 },
  );
}

test.each([
  ["is captured in time", cards.slow, SettlementKind.CARD, 1, 250n],
  ["is declined", cards.slowDeclined, SettlementKind.WRITTEN_OFF, 0, 0n],
] as const)(
  "a forced close waits for a share that is being paid: one that %s",
  async (_, number, settledBy, captures, kept) => {
    const table = await paying.seat({ espressos: 1 }, { pastas: 1 });
    const [share] = (await table.bill()).shares;
    expect(await table.pay(table.guests[0]!, share!, number)).toMatchObject({ state: ShareState.PROCESSING });
    await forceClose(paying, table);
    const [bill] = await table.bills();
    expect(bill?.state).toBe(BillState.SETTLED);
    expect(bill?.shares.map((each) => each.settledBy)).toEqual([settledBy, SettlementKind.WRITTEN_OFF]);
    expect(await ledgerOf(paying.paymentsSql, share!.shareId)).toEqual({ captures, kept });
    expect(await table.statuses()).toEqual([OrderStatus.PAID, OrderStatus.PAID]);
    const { session } = await paying.house.staff.getSession({ sessionId: table.sessionId });
    expect(session?.paid?.amountMinor).toBe(kept);
  },
);

test.each([
  ["is captured after that, and then goes back", cards.silent, 1],
  ["the provider never decides about, and is ended there", cards.slow, 0],
] as const)(
  "a forced close does not wait for ever: what %s",
  { timeout: 60_000 },
  async (_, number, captures) => {
    const hasty = await startPayingHouse({
      environment: { TABLES_SHARE_GIVE_UP_AFTER_MS: "200", TABLES_SHARE_CHECK_AFTER_MS: "60000" },
      neighborEnvironment: { SANDBOX_DELAY_MS: "600000", PAYMENTS_RECOVERY_AFTER_MS: "3000" },
    });
    try {
      const table = await hasty.seat({ espressos: 1 });
      const [share] = (await table.bill()).shares;
      expect(await table.pay(table.guests[0]!, share!, number)).toMatchObject({
        state: ShareState.PROCESSING,
      });
      await forceClose(hasty, table);
      expect(await table.share(share!.shareId)).toMatchObject({
        state: ShareState.PAID,
        settledBy: SettlementKind.WRITTEN_OFF,
      });
      await eventually(
        async () => {
          const [row] = await hasty.paymentsSql<{ status: string }[]>`
            select status from payments where bill_share_id = ${share!.shareId}`;
          expect(row?.status).toBe(captures === 1 ? "refunded" : "canceled");
        },
        { timeoutMs: 30_000 },
      );
      expect(await ledgerOf(hasty.paymentsSql, share!.shareId)).toEqual({ captures, kept: 0n });
    } finally {
      await hasty.stop();
    }
  },
);
