import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { BillState, SettlementKind, ShareState } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  byGuest,
  cards,
  evenly,
  ledgerOf,
  type PayingHouse,
  startPayingHouse,
  tokenOf,
} from "./bill-table.ts";
import { refusalOf } from "./refusal.ts";
import { serve } from "./table.ts";

let paying: PayingHouse;
beforeAll(async () => {
  paying = await startPayingHouse();
});
afterAll(() => paying?.stop());

const amounts = (shares: readonly { amount?: { amountMinor: bigint } }[]) =>
  shares.map(({ amount }) => amount?.amountMinor);

test("guests pay what they had: the bill is settled, and with it all orders", async () => {
  const table = await paying.seat({ espressos: 2 }, { pastas: 1 });
  const [ada, bob] = table.guests;
  const bill = await table.bill();
  expect(bill).toMatchObject({
    state: BillState.OPEN,
    orderIds: table.orderIds,
    total: { amountMinor: 1_600n },
  });
  expect(bill.shares.map(({ guestId }) => guestId)).toEqual([ada!.guestId, bob!.guestId]);
  expect(amounts(bill.shares)).toEqual([500n, 1_100n]);
  const [first, second] = bill.shares;

  expect(await table.pay(ada!, first!)).toMatchObject({
    state: ShareState.PAID,
    settledBy: SettlementKind.CARD,
  });
  expect((await table.bills())[0]?.state).toBe(BillState.OPEN);
  expect(await table.cash(second!)).toMatchObject({ settledBy: SettlementKind.CASH });
  expect((await table.bills())[0]?.state).toBe(BillState.SETTLED);
  await eventually(async () => expect(await table.statuses()).toEqual([OrderStatus.PAID, OrderStatus.PAID]));
  for (const orderId of table.orderIds) {
    expect((await paying.loms.getOrder({ orderId })).order?.status).toBe(OrderStatus.PAID);
  }
  const { session } = await paying.house.staff.getSession({ sessionId: table.sessionId });
  expect(session).toMatchObject({ total: { amountMinor: 1_600n }, paid: { amountMinor: 1_600n } });
  expect(await ledgerOf(paying.paymentsSql, first!.shareId)).toEqual({ captures: 1, kept: 500n });
  expect(await paying.house.staff.closeSession({ sessionId: table.sessionId })).toMatchObject({
    changed: true,
  });
});

test("an even bill is anybody's to pay, and what does not divide is on the first shares", async () => {
  const table = await paying.seat({ pastas: 1 }, { espressos: 1 });
  const bill = await table.bill(evenly(4));
  expect(amounts(bill.shares)).toEqual([338n, 338n, 337n, 337n]);
  expect(bill.shares.every(({ guestId }) => guestId === 0n)).toBe(true);
  const [, bob] = table.guests;
  for (const share of bill.shares) {
    expect(await table.pay(bob!, share)).toMatchObject({ state: ShareState.PAID });
  }
  expect((await table.bills())[0]?.state).toBe(BillState.SETTLED);
});

test("what the table ordered is nobody's share, which every guest may pay", async () => {
  const table = await paying.seat({ espressos: 1 });
  const { sessionId } = table;
  const { order } = await paying.house.staff.placeOrder({
    sessionId,
    lines: [{ sku: paying.house.pasta, quantity: 2 }],
    idempotencyKey: "bread for all",
  });
  await serve(paying.house.staff, sessionId, order!.orderId);
  const bill = await table.bill();
  expect(bill.shares.map(({ guestId }) => guestId)).toEqual([0n, table.guests[0]!.guestId]);
  expect(amounts(bill.shares)).toEqual([2_200n, 250n]);
  expect(await table.pay(table.guests[0]!, bill.shares[0]!)).toMatchObject({ state: ShareState.PAID });
});

test("only what was served and is on no bill is billed, and the others are named", async () => {
  const table = await paying.seat({ espressos: 1, pastas: 1 });
  const { sessionId } = table;
  const [guest] = table.guests;
  const unserved = await guest!.order(paying.house.espresso);
  const [first, second] = table.orderIds;
  const bill = await table.bill(byGuest, [first!]);
  expect(bill.orderIds).toEqual([first]);
  expect(await refusalOf(table.bill(byGuest, [first!, second!, unserved]))).toMatchObject({
    code: "FailedPrecondition",
    reason: "NOTHING_TO_BILL",
    subjects: [`orders/${first}`, `orders/${unserved}`],
  });
  expect(await refusalOf(table.bill(byGuest, [999_999n]))).toMatchObject({ reason: "ORDER_NOT_FOUND" });
  expect((await table.bill()).orderIds).toEqual([second]);
  expect(await refusalOf(table.bill())).toMatchObject({ reason: "NOTHING_TO_BILL", subjects: [] });
  expect(await refusalOf(paying.house.staff.closeSession({ sessionId }))).toMatchObject({
    reason: "SESSION_NOT_DONE",
  });
});

test("a declined card is an outcome: the share says why, and another one pays", async () => {
  const table = await paying.seat({ pastas: 1 });
  const [guest] = table.guests;
  const { shares } = await table.bill();
  const [share] = shares;
  expect(await table.pay(guest!, share!, cards.declined, "first")).toMatchObject({
    state: ShareState.UNPAID,
    declineCode: "insufficient_funds",
  });
  const paymentMethod = await tokenOf(guest!, table.sessionId, cards.good);
  const request = { sessionId: table.sessionId, shareId: share!.shareId, paymentMethod };
  expect(await refusalOf(guest!.client.payShare({ ...request, idempotencyKey: "first" }))).toMatchObject({
    code: "InvalidArgument",
    reason: "IDEMPOTENCY_KEY_REUSED",
  });
  const paid = await guest!.client.payShare({ ...request, idempotencyKey: "second" });
  expect(paid.share).toMatchObject({ state: ShareState.PAID, declineCode: "" });
  expect(await guest!.client.payShare({ ...request, idempotencyKey: "second" })).toMatchObject({
    share: { state: ShareState.PAID },
  });
  expect(await refusalOf(guest!.client.payShare({ ...request, idempotencyKey: "third" }))).toMatchObject({
    code: "FailedPrecondition",
    reason: "SHARE_PAID",
  });
  expect(await ledgerOf(paying.paymentsSql, share!.shareId)).toEqual({ captures: 1, kept: 1_100n });
});

test("a share that one guest's card was declined for may be paid by another one", async () => {
  const table = await paying.seat({ pastas: 1 }, {});
  const [ada, bob] = table.guests;
  const { shares } = await table.bill(evenly(1));
  expect(await table.pay(ada!, shares[0]!, cards.declined)).toMatchObject({ state: ShareState.UNPAID });
  expect(await table.pay(bob!, shares[0]!)).toMatchObject({ state: ShareState.PAID });
  expect(await ledgerOf(paying.paymentsSql, shares[0]!.shareId)).toMatchObject({ captures: 1 });
});

test.each([
  [cards.slow, ShareState.PAID, ""],
  [cards.slowDeclined, ShareState.UNPAID, "card_declined"],
  [cards.silent, ShareState.PAID, ""],
] as const)(
  "a card that needs time (%s) is processing until the provider says",
  async (number, state, code) => {
    const table = await paying.seat({ espressos: 1 });
    const [share] = (await table.bill()).shares;
    expect(await table.pay(table.guests[0]!, share!, number)).toMatchObject({ state: ShareState.PROCESSING });
    expect(await table.untilShare(share!.shareId, state)).toMatchObject({ declineCode: code });
    const captures = state === ShareState.PAID ? 1 : 0;
    expect(await ledgerOf(paying.paymentsSql, share!.shareId)).toMatchObject({ captures });
  },
);

test("ten tries of two guests at once for one share capture once; two guests pay theirs at once", async () => {
  const table = await paying.seat({ pastas: 1 }, { espressos: 1 });
  const [ada, bob] = table.guests;
  const [contested] = (await table.bill(evenly(1), [table.orderIds[0]!])).shares;
  const results = await Promise.allSettled(
    Array.from({ length: 10 }, (_, index) => table.pay(index % 2 === 0 ? ada! : bob!, contested!)),
  );
  const paid = results.filter(
    (result) => result.status === "fulfilled" && result.value.state === ShareState.PAID,
  );
  expect(paid.length).toBeGreaterThanOrEqual(1);
  for (const result of results) {
    if (result.status === "rejected") {
      const { reason } = await refusalOf(Promise.reject(result.reason));
      expect(["SHARE_PROCESSING", "SHARE_PAID"]).toContain(reason);
    }
  }
  expect(await ledgerOf(paying.paymentsSql, contested!.shareId)).toEqual({ captures: 1, kept: 1_100n });

  const both = await paying.seat({ pastas: 1 }, { espressos: 1 });
  const { shares } = await both.bill();
  const settled = await Promise.all(shares.map((share, index) => both.pay(both.guests[index]!, share)));
  expect(settled.map(({ state }) => state)).toEqual([ShareState.PAID, ShareState.PAID]);
  expect((await both.bills())[0]?.state).toBe(BillState.SETTLED);
});

test("another guest's share, another session's share and a foreign session can not be paid", async () => {
  const table = await paying.seat({ pastas: 1 }, { espressos: 1 });
  const other = await paying.seat({ espressos: 1 });
  const [ada, bob] = table.guests;
  const { shares, billId } = await table.bill();
  expect(await refusalOf(table.pay(bob!, shares[0]!))).toMatchObject({ reason: "SHARE_OF_ANOTHER_GUEST" });
  expect(await refusalOf(other.pay(other.guests[0]!, shares[0]!))).toMatchObject({
    code: "NotFound",
    reason: "SHARE_NOT_FOUND",
  });
  const { client } = other.guests[0]!;
  const { sessionId } = table;
  const { shareId } = shares[0]!;
  const paymentMethod = "none";
  const card = { number: cards.good, expiryMonth: 1, expiryYear: 2090, code: "123" };
  for (const call of [
    () => client.payShare({ sessionId, shareId, paymentMethod, idempotencyKey: "foreign" }),
    () => client.makeBill({ sessionId, split: byGuest }),
    () => client.createGuestPaymentMethod({ sessionId, card }),
  ]) {
    expect(await refusalOf(call())).toMatchObject({ code: "NotFound", reason: "SESSION_NOT_FOUND" });
  }
  const kind = SettlementKind.CASH;
  expect(await refusalOf(ada!.client.settleShare({ sessionId, shareId, kind }))).toMatchObject({
    code: "PermissionDenied",
  });
  expect(await refusalOf(ada!.client.voidBill({ sessionId, billId }))).toMatchObject({
    code: "PermissionDenied",
  });
  expect(
    await refusalOf(
      paying.house.staff.payShare({ sessionId, shareId, paymentMethod, idempotencyKey: "staff" }),
    ),
  ).toMatchObject({ code: "PermissionDenied" });
});

test("cash and a write-off are recorded once, and a write-off is not paid money", async () => {
  const table = await paying.seat({ pastas: 1 }, { espressos: 1 });
  const { sessionId } = table;
  const [first, second] = (await table.bill()).shares;
  const { staff } = paying.house;
  const writeOff = { sessionId, shareId: second!.shareId, kind: SettlementKind.WRITTEN_OFF };
  expect(await refusalOf(staff.settleShare(writeOff))).toMatchObject({ fields: ["memo"] });
  expect(await staff.settleShare({ ...writeOff, memo: "on the house" })).toMatchObject({
    changed: true,
    share: { state: ShareState.PAID, settledBy: SettlementKind.WRITTEN_OFF },
  });
  expect(await staff.settleShare({ ...writeOff, memo: "again" })).toMatchObject({ changed: false });
  const cash = { sessionId, shareId: second!.shareId, kind: SettlementKind.CASH };
  expect(await refusalOf(staff.settleShare(cash))).toMatchObject({ reason: "SHARE_PAID" });
  await table.cash(first!);
  const { session } = await staff.getSession({ sessionId });
  expect(session).toMatchObject({ total: { amountMinor: 1_350n }, paid: { amountMinor: 1_100n } });
  await eventually(async () => expect(await table.statuses()).toEqual([OrderStatus.PAID, OrderStatus.PAID]));
});
