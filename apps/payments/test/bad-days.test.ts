import { PaymentStatus, RefundReason, RefundStatus } from "@ordermesh/proto/ordermesh/payments/v1/payment_pb";
import { PayOutcome } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type PaymentsHarness, startPaymentsHarness } from "./payments-harness.ts";
import { postEvent } from "./sign.ts";

/* F20 and I12: answers that come late, twice, never, or for an order that is no more. */

const slowSuccess = "4000000000000077";
const slowDecline = "4000000000000101";
const silent = "4000000000000259";
const twice = "4000000000000341";

let harness: PaymentsHarness;
beforeAll(async () => {
  harness = await startPaymentsHarness();
});
afterAll(() => harness.stop());

async function keyOf(orderId: bigint): Promise<string> {
  const [row] = await harness.sql<{ provider_key: string }[]>`
    select provider_key from payment_attempts a join payments p on p.id = a.payment_id
    where order_id = ${orderId} order by a.id desc limit 1`;
  return row!.provider_key;
}

test("a provider that needs time is waited for", async () => {
  const [good, bad] = [await harness.order(), await harness.order()];
  expect(await harness.pay(good, slowSuccess)).toMatchObject({ outcome: PayOutcome.PROCESSING });
  expect(await harness.pay(bad, slowDecline)).toMatchObject({ outcome: PayOutcome.PROCESSING });
  await harness.settled(good, ({ status }) => expect(status).toBe(PaymentStatus.CAPTURED));
  const declined = await harness.settled(bad, ({ status }) => expect(status).toBe(PaymentStatus.DECLINED));
  expect(declined.declineCode).toBe("card_declined");
});

test("a provider that went silent after capturing is asked, and has captured once", async () => {
  const orderId = await harness.order();
  const token = await harness.token(silent);
  const request = { orderId, paymentMethodToken: token, idempotencyKey: "silent" };
  expect(await harness.client.pay(request)).toMatchObject({ outcome: PayOutcome.PROCESSING });
  expect(await harness.ledger(orderId)).toMatchObject({ captures: 1 });
  await harness.settled(orderId, ({ status }) => expect(status).toBe(PaymentStatus.CAPTURED));
  expect(await harness.client.pay(request)).toMatchObject({ outcome: PayOutcome.CAPTURED, replayed: true });
  expect(await harness.ledger(orderId)).toEqual({ captured: 2598n, captures: 1, refunded: 0n });
});

test("a provider that answers twice is believed once", async () => {
  const orderId = await harness.order();
  const { payment } = await harness.pay(orderId, twice);
  await eventually(async () => expect(await harness.sql`select from sandbox_events`).toHaveLength(0));
  const key = await keyOf(orderId);
  expect(await harness.payment(orderId)).toMatchObject({ version: payment!.version });
  expect(
    await postEvent(harness.address, { id: "evt_thrice", type: "capture.succeeded", key }),
  ).toMatchObject({
    text: "nothing new",
  });
  expect(await harness.events(orderId, 1)).toEqual(["PaymentCaptured"]);
});

test.each([
  ["expired", RefundReason.ORDER_EXPIRED],
  ["canceled", RefundReason.ORDER_CANCELED],
] as const)(
  "money that comes after the order was %s goes back by itself, and says why",
  async (kind, reason) => {
    const orderId = await harness.order();
    await harness.pay(orderId, slowSuccess);
    await harness.publish({ kind, orderId });
    const refunded = await harness.settled(orderId, ({ status }) =>
      expect(status).toBe(PaymentStatus.REFUNDED),
    );
    expect(refunded.refunds).toMatchObject([{ reason, status: RefundStatus.SUCCEEDED }]);
    expect(await harness.ledger(orderId)).toEqual({ captured: 2598n, captures: 1, refunded: 2598n });
    expect(await harness.events(orderId, 2)).toEqual(["PaymentCaptured", "PaymentRefunded"]);
  },
);

test("money that was captured before the order ended goes back as well", async () => {
  const orderId = await harness.order();
  await harness.pay(orderId);
  await harness.publish({ kind: "expired", orderId });
  await harness.settled(orderId, ({ status }) => expect(status).toBe(PaymentStatus.REFUNDED));
  expect(await harness.ledger(orderId)).toMatchObject({ refunded: 2598n });
});

test("a capture that nobody wants any more is ended at the provider before it happens", async () => {
  const late = await startPaymentsHarness({ sandboxDelayMs: 500_000, recoveryAfterMs: 600 });
  try {
    const orderId = await late.order();
    expect(await late.pay(orderId, slowSuccess)).toMatchObject({ outcome: PayOutcome.PROCESSING });
    await late.sql`update payments set payment_due_at = now()`;
    await late.settled(orderId, ({ status }) => expect(status).toBe(PaymentStatus.DECLINED));
    const [row] = await late.sql`select state from sandbox_captures where reference = ${`order/${orderId}`}`;
    expect(row).toEqual({ state: "voided" });
  } finally {
    await late.stop();
  }
});

test("a request that never arrived is ended before the buyer may try again", async () => {
  const orderId = await harness.order();
  await harness.pay(orderId, slowSuccess);
  const key = await keyOf(orderId);
  // As if the provider had never heard of it.
  await harness.sql`delete from sandbox_captures where key = ${key}`;
  const declined = await harness.settled(orderId, ({ status }) =>
    expect(status).toBe(PaymentStatus.DECLINED),
  );
  expect(declined.declineCode).toBe("interrupted");
  expect(await harness.sql`select state from sandbox_captures where key = ${key}`).toEqual([
    { state: "voided" },
  ]);
  expect(await harness.pay(orderId)).toMatchObject({ outcome: PayOutcome.CAPTURED });
});

test("a denial after a success changes nothing", async () => {
  const orderId = await harness.order();
  const { payment } = await harness.pay(orderId);
  const key = await keyOf(orderId);
  const denial = { id: "evt_denial", type: "capture.declined", key, code: "card_declined" };
  expect(await postEvent(harness.address, denial)).toEqual({ status: 200, text: "nothing new" });
  expect(await harness.payment(orderId)).toMatchObject({
    status: PaymentStatus.CAPTURED,
    version: payment!.version,
  });
});

test("a success after a denial counts, and what is then captured twice goes back once", async () => {
  const orderId = await harness.order();
  await harness.pay(orderId, "4000000000000002");
  const first = await keyOf(orderId);
  await harness.pay(orderId);
  await harness.sql`update sandbox_captures set state = 'captured' where key = ${first}`;
  await postEvent(harness.address, { id: "evt_after_all", type: "capture.succeeded", key: first });
  const settled = await harness.settled(orderId, ({ refunds }) =>
    expect(refunds).toMatchObject([
      { reason: RefundReason.DUPLICATE_CAPTURE, status: RefundStatus.SUCCEEDED },
    ]),
  );
  expect(settled).toMatchObject({ status: PaymentStatus.CAPTURED, captured: { amountMinor: 5196n } });
  expect(await harness.ledger(orderId)).toEqual({ captured: 5196n, captures: 2, refunded: 2598n });
  expect(await harness.events(orderId, 3)).toEqual(["PaymentDeclined", "PaymentCaptured", "PaymentRefunded"]);
});

test("a refund that is heard of before its capture is both", async () => {
  const orderId = await harness.order();
  await harness.pay(orderId, silent);
  const key = await keyOf(orderId);
  await harness.sql`insert into sandbox_refunds (key, capture_key, amount_minor) values ('by hand', ${key}, 2598)`;
  const event = { type: "refund.succeeded", key: "by hand", capture_key: key, amount_minor: "2598" };
  await postEvent(harness.address, { ...event, id: "evt_refund_first" });
  expect(await harness.payment(orderId)).toMatchObject({
    status: PaymentStatus.REFUNDED,
    refunds: [{ reason: RefundReason.MADE_AT_PROVIDER }],
  });
  await postEvent(harness.address, { id: "evt_capture_later", type: "capture.succeeded", key });
  await postEvent(harness.address, { ...event, id: "evt_refund_again" });
  expect(await harness.payment(orderId)).toMatchObject({ status: PaymentStatus.REFUNDED, refunds: [{}] });
  expect(await harness.events(orderId, 2)).toEqual(["PaymentCaptured", "PaymentRefunded"]);
});

test("an order that was paid otherwise while the provider was asked gets its money back", async () => {
  const orderId = await harness.order();
  await harness.pay(orderId, slowSuccess);
  await harness.publish({ kind: "paid", orderId });
  const refunded = await harness.settled(orderId, ({ status }) =>
    expect(status).toBe(PaymentStatus.REFUNDED),
  );
  expect(refunded.refunds).toMatchObject([{ reason: RefundReason.PAID_OTHERWISE }]);
});
