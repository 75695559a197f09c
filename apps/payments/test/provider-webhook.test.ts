import { PaymentStatus } from "@ordermesh/proto/ordermesh/payments/v1/payment_pb";
import { PayOutcome } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, expect, test } from "vitest";
import { signPayload } from "../src/domain/webhook-signature.ts";
import { failureOf } from "./failure-of.ts";
import { type PaymentsHarness, startPaymentsHarness, webhookSecret } from "./payments-harness.ts";
import { postEvent } from "./sign.ts";

/* S17 and F19: who may tell us that money came, and how often. */

const slow = "4000000000000077";

let harness: PaymentsHarness;
beforeAll(async () => {
  // So slow that only these tests decide, and nobody looks up.
  harness = await startPaymentsHarness({ sandboxDelayMs: 500_000, recoveryAfterMs: 20_000 });
});
afterAll(() => harness.stop());

/** An order that is being paid. @returns the key by which the provider knows the attempt. */
async function processing(): Promise<{ orderId: bigint; key: string }> {
  const orderId = await harness.order();
  expect(await harness.pay(orderId, slow)).toMatchObject({ outcome: PayOutcome.PROCESSING });
  const [row] = await harness.sql<{ provider_key: string }[]>`
    select provider_key from payment_attempts a join payments p on p.id = a.payment_id where order_id = ${orderId}`;
  return { orderId, key: row!.provider_key };
}

const captured = (key: string, id = `evt_${key}`) => ({ id, type: "capture.succeeded", key });

test("a signed event captures; repeated, it is taken and changes nothing", async () => {
  const { orderId, key } = await processing();
  expect(await postEvent(harness.address, captured(key))).toEqual({ status: 200, text: "taken" });
  const { version } = await harness.payment(orderId);
  expect(await postEvent(harness.address, captured(key))).toEqual({ status: 200, text: "nothing new" });
  expect(await harness.payment(orderId)).toMatchObject({ status: PaymentStatus.CAPTURED, version });
});

test("the call takes the same events as the page", async () => {
  const { orderId, key } = await processing();
  const payload = Buffer.from(JSON.stringify(captured(key)));
  const signature = signPayload(webhookSecret, Math.floor(Date.now() / 1000), payload);
  expect(await harness.client.handleProviderEvent({ payload, signature })).toMatchObject({ changed: true });
  expect(await harness.client.handleProviderEvent({ payload, signature })).toMatchObject({ changed: false });
  expect(await harness.payment(orderId)).toMatchObject({ status: PaymentStatus.CAPTURED });
  const forged = harness.client.handleProviderEvent({ payload, signature: signature.replace(/.$/, "x") });
  expect(await failureOf(forged)).toMatchObject({ code: "Unauthenticated", reason: "BAD_SIGNATURE" });
});

test("without a good signature nothing is believed", async () => {
  const { orderId, key } = await processing();
  const event = captured(key, "forged");
  const other = JSON.stringify({ ...event, key: "another" });
  const refused = await Promise.all([
    postEvent(harness.address, event, { secret: "the secret of another merchant" }),
    postEvent(harness.address, event, { ageSeconds: 302 }),
    postEvent(harness.address, event, { ageSeconds: -302 }),
    postEvent(harness.address, other, { sentBody: JSON.stringify(event) }),
    fetch(`http://${harness.address}/webhooks/sandbox`, { method: "POST", body: JSON.stringify(event) }),
    fetch(`http://${harness.address}/webhooks/sandbox`, {
      method: "POST",
      headers: { "ordermesh-sandbox-signature": "t=9999999999999999,v1=00" },
      body: JSON.stringify(event),
    }),
  ]);
  expect(refused.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 401]);
  expect(await harness.payment(orderId)).toMatchObject({ status: PaymentStatus.PROCESSING });
  // The refused ones have not used up the event's id.
  expect(await postEvent(harness.address, event, { ageSeconds: 290 })).toMatchObject({ status: 200 });
  expect(await harness.payment(orderId)).toMatchObject({ status: PaymentStatus.CAPTURED });
});

test("what is signed but no event is refused; what concerns nobody is taken, so that it is not repeated", async () => {
  for (const body of [
    "",
    "[]",
    "null",
    "{",
    '{"id":""}',
    '{"id":"a b"}',
    '{"id":7}',
    `{"id":"${"x".repeat(600)}"}`,
  ]) {
    expect((await postEvent(harness.address, body)).status, body).toBe(400);
  }
  const unknown = [
    captured("a key that nobody has"),
    { id: "evt_unknown_type", type: "payout.paid" },
    { id: "__proto__", type: "__proto__", key: "__proto__" },
    { id: "evt_foreign_refund", type: "refund.succeeded", key: "r", capture_key: "c", amount_minor: "1" },
  ];
  for (const event of unknown) {
    expect(await postEvent(harness.address, { ...event, id: event.id.replace(/ /g, "_") })).toMatchObject({
      status: 200,
    });
  }
  const huge = await postEvent(harness.address, `{"id":"evt_huge","pad":"${"x".repeat(70_000)}"}`);
  expect(huge.status).toBe(413);
  const get = await fetch(`http://${harness.address}/webhooks/sandbox`);
  expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
});

test("a decline code is words, whatever the provider says", async () => {
  const { orderId, key } = await processing();
  const event = { id: `evt_${key}`, type: "capture.declined", key, code: "<script>\u001b[2J" };
  await postEvent(harness.address, event);
  expect(await harness.payment(orderId)).toMatchObject({
    status: PaymentStatus.DECLINED,
    declineCode: "declined",
  });
});

test("fifty webhooks at once, while the buyer's own call is under way: one capture, one change, all are taken", async () => {
  let webhookFirst = 0;
  let callFirst = 0;
  for (let round = 0; round < 8; round += 1) {
    const orderId = await harness.order();
    // With the silent card the answer to the call is lost, so that a webhook is sure to be first.
    const paymentMethodToken = await harness.token(round % 2 === 0 ? "4000000000000259" : "4242424242424242");
    const request = { orderId, paymentMethodToken, idempotencyKey: `race ${round}` };
    const paying = harness.client.pay(request);
    const key = await eventually(
      async () => {
        const [row] = await harness.sql<{ key: string }[]>`
          select key from sandbox_captures where reference = ${`order/${orderId}`}`;
        return row!.key;
      },
      { everyMs: 1 },
    );
    const confirming = Array.from({ length: 5 }, () => harness.client.pay(request));
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => postEvent(harness.address, captured(key))),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
    const changes = answers.filter(({ text }) => text === "taken").length;
    expect(changes).toBeLessThanOrEqual(1);
    webhookFirst += changes;
    callFirst += 1 - changes;
    await Promise.all(confirming);
    // The call of the silent card waits for a while only, and then says that the payment is under way.
    const { outcome } = await paying;
    expect([PayOutcome.CAPTURED, PayOutcome.PROCESSING]).toContain(outcome);
    expect(await harness.payment(orderId)).toMatchObject({ status: PaymentStatus.CAPTURED });
    expect(await harness.ledger(orderId)).toEqual({ captured: 2598n, captures: 1, refunded: 0n });
    expect(await harness.events(orderId, 1)).toEqual(["PaymentCaptured"]);
    const [history] = await harness.sql<{ captures: number }[]>`
      select count(*)::int as captures from payment_history h join payments p on p.id = h.payment_id
      where order_id = ${orderId} and event like '%captured%'`;
    expect(history).toEqual({ captures: 1 });
  }
  process.stdout.write(
    `webhook race: a webhook was first in ${webhookFirst}, the call in ${callFirst} of 8 rounds\n`,
  );
  expect(webhookFirst).toBeGreaterThanOrEqual(4);
});
