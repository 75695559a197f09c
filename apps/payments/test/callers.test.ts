import { eventually } from "@ordermesh/testkit/eventually";
import { startTestIssuer, type TestIssuer } from "@ordermesh/testkit/test-issuer";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type PaymentsHarness, startPaymentsHarness } from "./payments-harness.ts";

/* S02, S04, S12: whose payment it is decides, and whose key. */

let issuer: TestIssuer;
let harness: PaymentsHarness;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  issuer = await startTestIssuer();
  harness = await startPaymentsHarness({ auth: issuer.authConfig("payments") });
  tokens.owner = `Bearer ${await issuer.userToken(1_000, ["buyer"])}`;
  tokens.stranger = `Bearer ${await issuer.userToken(1_001, ["buyer"])}`;
  tokens.seller = `Bearer ${await issuer.userToken(1_002, ["seller"])}`;
  tokens.platform = `Bearer ${await issuer.userToken(1_003, ["platform"])}`;
  tokens.tables = `Bearer ${await issuer.serviceToken("tables", "payments")}`;
  tokens.notifications = `Bearer ${await issuer.serviceToken("notifications", "payments")}`;
});
afterAll(async () => {
  await harness?.stop();
  await issuer?.close();
});

async function call(
  caller: string,
  method: string,
  request: object,
): Promise<{ code: string; body: Record<string, unknown>; message: string }> {
  const response = await fetch(`http://${harness.address}/ordermesh.payments.v1.PaymentsService/${method}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(tokens[caller] !== undefined && { authorization: tokens[caller] }),
    },
    body: JSON.stringify(request),
  });
  const body = (await response.json()) as Record<string, unknown>;
  return { code: response.ok ? "ok" : String(body.code), body, message: String(body.message ?? "") };
}

let orderCount = 0n;

/** An order that awaits payment. */
async function order(userId: bigint): Promise<string> {
  orderCount += 1n;
  const orderId = orderCount;
  await harness.publish({ orderId, kind: "awaiting_payment", userId });
  await eventually(async () =>
    expect(await harness.sql`select from payments where order_id = ${orderId}`).toHaveLength(1),
  );
  return `${orderId}`;
}

async function methodOf(caller: string): Promise<string> {
  const expiryYear = new Date().getUTCFullYear() + 1;
  const card = { number: "4242424242424242", expiryMonth: 1, expiryYear, code: "123" };
  const { body } = await call(caller, "CreatePaymentMethod", { card });
  return String(body.paymentMethodToken);
}

async function pay(caller: string, orderId: string, idempotencyKey: string, paymentMethodToken?: string) {
  const token = paymentMethodToken ?? (await methodOf(caller));
  return await call(caller, "Pay", { orderId, idempotencyKey, paymentMethodToken: token });
}

test("somebody else's payment is not there, for reading and for paying", async () => {
  const orderId = await order(1_000n);
  expect(await call("owner", "GetPayment", { orderId })).toMatchObject({ code: "ok" });
  expect(await call("seller", "GetPayment", { orderId })).toMatchObject({ code: "ok" });
  const foreign = await call("stranger", "GetPayment", { orderId });
  const missing = await call("stranger", "GetPayment", { orderId: "999999" });
  expect(foreign.code).toBe("not_found");
  expect(foreign.message.replace(orderId, "N")).toBe(missing.message.replace("999999", "N"));
  expect(await pay("stranger", orderId, "theirs")).toMatchObject({ code: "not_found" });
  expect(await harness.ledger(BigInt(orderId))).toMatchObject({ captures: 0 });
  expect(await pay("owner", orderId, "mine")).toMatchObject({ code: "ok" });
});

test("only sellers and the platform give money back, and nobody without a token does anything", async () => {
  const orderId = await order(1_000n);
  await pay("owner", orderId, "to be refunded");
  const { body } = await call("owner", "GetPayment", { orderId });
  const { paymentId } = body.payment as { paymentId: string };
  const refund = { paymentId, amount: { currencyCode: "EUR", amountMinor: "100" }, idempotencyKey: "refund" };
  expect((await call("owner", "Refund", refund)).code).toBe("permission_denied");
  expect((await call("stranger", "Refund", refund)).code).toBe("permission_denied");
  expect((await call("notifications", "Refund", refund)).code).toBe("permission_denied");
  expect((await call("nobody", "Refund", refund)).code).toBe("unauthenticated");
  expect((await call("nobody", "GetPayment", { orderId })).code).toBe("unauthenticated");
  expect((await call("notifications", "GetPayment", { orderId })).code).toBe("permission_denied");
  expect((await call("seller", "Refund", refund)).code).toBe("ok");
  expect((await call("platform", "Refund", refund)).body.replayed ?? false).toBe(false);
  expect(await harness.ledger(BigInt(orderId))).toMatchObject({ refunded: 200n });
});

test("a key belongs to its caller", async () => {
  const [mine, theirs] = [await order(1_000n), await order(1_001n)];
  const method = await methodOf("owner");
  expect((await pay("owner", mine, "shared", method)).code).toBe("ok");
  // With the very same request and key another caller learns nothing.
  expect((await pay("stranger", mine, "shared", method)).code).toBe("not_found");
  expect((await pay("stranger", theirs, "shared")).body).toMatchObject({ outcome: "PAY_OUTCOME_CAPTURED" });
});

test("a card's token is no good in other hands", async () => {
  const orderId = await order(1_001n);
  const stolen = await methodOf("owner");
  expect((await pay("stranger", orderId, "stolen", stolen)).body).toMatchObject({
    outcome: "PAY_OUTCOME_DECLINED",
    declineCode: "unknown_payment_method",
  });
});

test("a list is the caller's own, whatever it asks for", async () => {
  const own = await call("stranger", "ListPayments", { pageSize: 1 });
  const payments = own.body.payments as { userId: string }[];
  expect(payments.map(({ userId }) => userId)).toEqual(["1001"]);
  expect((await call("stranger", "ListPayments", { userId: "1000" })).code).not.toBe("ok");
  const pageToken = own.body.nextPageToken;
  expect(pageToken).toEqual(expect.any(String));
  expect((await call("owner", "ListPayments", { pageToken })).code).toBe("invalid_argument");
  const all = await call("platform", "ListPayments", {});
  expect(new Set((all.body.payments as { userId: string }[]).map(({ userId }) => userId)).size).toBe(2);
});

test("only the tables service makes and ends payments of bill shares, and pays them for guests", async () => {
  const share = { billShareId: "500", userId: "4503599627370497" };
  const request = { ...share, amount: { currencyCode: "EUR", amountMinor: "100" } };
  for (const caller of ["owner", "seller", "platform", "notifications"]) {
    expect((await call(caller, "CreateBillPayment", request)).code).toBe("permission_denied");
    const { billShareId } = share;
    expect((await call(caller, "CancelBillPayment", { billShareId })).code).toBe("permission_denied");
  }
  expect((await call("nobody", "CreateBillPayment", request)).code).toBe("unauthenticated");
  const made = await call("tables", "CreateBillPayment", request);
  const { paymentId } = made.body.payment as { paymentId: string };
  const expiryYear = new Date().getUTCFullYear() + 1;
  const card = { number: "4242424242424242", expiryMonth: 1, expiryYear, code: "123" };
  const method = await call("tables", "CreatePaymentMethod", { userId: share.userId, card });
  const paying = { paymentId, idempotencyKey: "share", paymentMethodToken: method.body.paymentMethodToken };
  expect((await call("owner", "Pay", paying)).code).toBe("not_found");
  expect((await call("owner", "GetPayment", { paymentId })).code).toBe("not_found");
  expect((await call("tables", "Pay", paying)).body).toMatchObject({ outcome: "PAY_OUTCOME_CAPTURED" });
  expect((await call("seller", "Refund", { paymentId, idempotencyKey: "share" })).code).toBe("ok");
});
