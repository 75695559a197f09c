import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { TextMessage } from "@ordermesh/app-notifications/channels/text-message-provider";
import { runVerify } from "@ordermesh/ordermesh/verify/run-verify";
import { CancelReason, type Order } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { PaymentStatus, RefundReason } from "@ordermesh/proto/ordermesh/payments/v1/payment_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { testLogger } from "@ordermesh/testkit/test-logger";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectVerifyClean } from "../harness/verify-clean.ts";
import { type MoneyMesh, startMoneyMesh, withDamagedCopy } from "./money-mesh.ts";

/* Orders ask for refunds, payments makes them, and both agree in the end. */

let mesh: MoneyMesh;
const texts: TextMessage[] = [];
beforeAll(async () => {
  mesh = await startMoneyMesh(async (message) => void texts.push(message));
});
afterAll(() => mesh.stop());

const eur = (amountMinor: bigint) => ({ currencyCode: "EUR", amountMinor });
let orderCount = 0;

/** A drill for EUR 20.00 and two nails for EUR 0.50 each, paid with a card. */
async function buyGoods(): Promise<bigint> {
  orderCount += 1;
  const { orderId } = await mesh.orders.createOrder({
    userId: 1n,
    idempotencyKey: `goods ${orderCount}`,
    lines: [
      { sku: 1, quantity: 1, name: "Drill", unitPrice: eur(2_000n) },
      { sku: 2, quantity: 2, name: "Nail", unitPrice: eur(50n) },
    ],
  });
  await mesh.pay(orderId);
  await until(orderId, ({ stateCode }) => expect(stateCode).toBe("FP"));
  return orderId;
}

/** Three hair cuts for EUR 30.00, EUR 12.00 each if some are given back. */
async function placeVoucher(validForMs = 3_600_000): Promise<bigint> {
  orderCount += 1;
  const { orderId } = await mesh.orders.createOrder({
    userId: 1n,
    idempotencyKey: `voucher ${orderCount}`,
    workflow: "service",
    lines: [{ sku: 1, quantity: 1, name: "Hair cut", unitPrice: eur(3_000n) }],
    voucher: {
      serviceTimes: 3,
      unitPrice: eur(1_200n),
      validUntilTime: timestampFromDate(new Date(Date.now() + validForMs)),
      anytimeRefund: true,
      expirationRefund: true,
      mobile: `+49151${String(orderCount).padStart(8, "0")}`,
    },
  });
  return orderId;
}

async function buyVoucher(validForMs?: number): Promise<bigint> {
  const orderId = await placeVoucher(validForMs);
  await mesh.pay(orderId);
  await until(orderId, ({ stateCode }) => expect(stateCode).not.toBe("WP"));
  return orderId;
}

const act = (orderId: bigint, role: string, action: string, itemSku = 0, refundMinor?: bigint) =>
  mesh.orders.applyAction({
    orderId,
    role,
    action,
    itemSku,
    ...(refundMinor !== undefined && { parameters: { refundAmount: eur(refundMinor), reason: "Broken." } }),
  });

async function until(orderId: bigint, check: (order: Order) => void): Promise<Order> {
  return await eventually(async () => {
    const { order } = await mesh.orders.getOrder({ orderId });
    check(order!);
    return order!;
  });
}

async function paymentOf(orderId: bigint) {
  const { payment } = await mesh.payments.getPayment({ orderId });
  return payment!;
}

/** Titles of what the buyer was told of an order, oldest first, once there are as many. */
async function titles(orderId: bigint, count: number): Promise<string[]> {
  return await eventually(async () => {
    const { notifications } = await mesh.notifications.listNotifications({ userId: 1n, pageSize: 500 });
    const ofOrder = notifications.filter((notification) => notification.orderId === orderId).reverse();
    expect(ofOrder).toHaveLength(count);
    return ofOrder.map(({ title }) => title.replace(`${orderId}`, "#"));
  });
}

describe("goods", () => {
  test("refunded before they are shipped, one after the other: the money adds up, and the order ends", async () => {
    const orderId = await buyGoods();
    await act(orderId, "B", "request refund", 1);
    await act(orderId, "S", "agree refund", 1);
    await until(orderId, ({ refunded }) => expect(refunded?.amountMinor).toBe(2_000n));
    expect(await paymentOf(orderId)).toMatchObject({
      status: PaymentStatus.PARTIALLY_REFUNDED,
      refunds: [{ reason: RefundReason.ORDER_REFUND, amount: { amountMinor: 2_000n } }],
    });
    await until(orderId, ({ stateCode }) => expect(stateCode).toBe("FP"));

    await act(orderId, "B", "request refund", 2);
    await act(orderId, "S", "agree refund", 2);
    const order = await until(orderId, ({ stateCode }) => expect(stateCode).toBe("CT"));
    expect(order).toMatchObject({ cancelReason: CancelReason.REFUNDED, refunded: { amountMinor: 2_100n } });
    const payment = await paymentOf(orderId);
    expect(payment).toMatchObject({ status: PaymentStatus.REFUNDED, refunded: { amountMinor: 2_100n } });
    const sheets = order.items.flatMap(({ refunds }) => refunds);
    expect(sheets.map(({ stateCode }) => stateCode)).toEqual(["PFR", "PFR"]);
    expect(payment.refunds.map(({ orderRefundId }) => orderRefundId)).toEqual(
      sheets.map(({ refundId }) => refundId),
    );
    expect(await titles(orderId, 8)).toEqual([
      "Order # received",
      "Order # is waiting for your payment",
      "Order # is paid",
      "Order #: your refund is under way",
      "Order #: your refund is finished",
      "Order #: your refund is under way",
      "Order #: your refund is finished",
      "Order # was canceled",
    ]);
  });

  test("refunded in part and shipped: what was not asked for stays with the seller", async () => {
    const orderId = await buyGoods();
    await act(orderId, "B", "request refund", 1, 700n);
    await act(orderId, "S", "agree refund", 1);
    await act(orderId, "B", "request refund", 2, 30n);
    await act(orderId, "S", "agree refund", 2);
    await until(orderId, ({ refunded }) => expect(refunded?.amountMinor).toBe(730n));
    await act(orderId, "S", "ship the order");
    await act(orderId, "B", "confirm reception of order");
    await act(orderId, "P", "finished accounting");
    await until(orderId, ({ stateCode }) => expect(stateCode).toBe("FA"));
    expect(await paymentOf(orderId)).toMatchObject({
      status: PaymentStatus.PARTIALLY_REFUNDED,
      refunded: { amountMinor: 730n },
    });
  });

  test("more than they cost is not asked for", async () => {
    const orderId = await buyGoods();
    await expect(act(orderId, "B", "request refund", 2, 101n)).rejects.toThrow();
    expect((await paymentOf(orderId)).refunds).toEqual([]);
  });

  test("paid without payments: the refund says that nothing is there, and the platform finishes it", async () => {
    orderCount += 1;
    const { orderId } = await mesh.orders.createOrder({
      userId: 1n,
      idempotencyKey: `cash ${orderCount}`,
      lines: [{ sku: 1, quantity: 1, unitPrice: eur(2_000n) }],
    });
    await mesh.orders.payOrder({ orderId });
    await act(orderId, "B", "request refund", 1);
    await act(orderId, "S", "agree refund", 1);
    const { items } = await until(orderId, (order) =>
      expect(order.items[0]?.refunds[0]?.failureCode).not.toBe(""),
    );
    expect(items[0]?.refunds).toMatchObject([{ stateCode: "PPR", failureCode: "NOTHING_CAPTURED" }]);
    await act(orderId, "P", "finished refund", 1);
    await until(orderId, ({ stateCode }) => expect(stateCode).toBe("CT"));
  });

  test("a provider that refuses is heard of; asked again by the platform, it gives the money", async () => {
    const orderId = await buyGoods();
    const reference = `order/${orderId}`;
    await mesh.paymentsSql`update sandbox_captures set state = 'voided' where reference = ${reference}`;
    await act(orderId, "B", "request refund", 1);
    await act(orderId, "S", "agree refund", 1);
    await until(orderId, ({ items }) =>
      expect(items[0]?.refunds).toMatchObject([{ stateCode: "PPR", failureCode: "not_captured" }]),
    );
    await mesh.paymentsSql`update sandbox_captures set state = 'captured' where reference = ${reference}`;
    await act(orderId, "P", "ask for refund again", 1);
    const { items } = await until(orderId, ({ refunded }) => expect(refunded?.amountMinor).toBe(2_000n));
    expect(items[0]?.refunds).toMatchObject([{ stateCode: "PFR" }]);
  });
});

describe("vouchers", () => {
  const codesOf = async (orderId: bigint) =>
    (await mesh.orders.getVoucher({ orderId })).codes.map(({ code }) => code);
  const show = async (code: string) => (await mesh.orders.validateVoucherCode({ code })).message;

  test("paid with a card: the first code comes by text message, and is good at the counter", async () => {
    const orderId = await buyVoucher();
    const [first] = await codesOf(orderId);
    const message = await eventually(() => {
      const found = texts.find(({ text }) => text.includes(first!));
      expect(found).toBeDefined();
      return found!;
    });
    expect(message.to).toBe(`+49151${String(orderCount).padStart(8, "0")}`);
    expect(message.text).toMatch(
      new RegExp(
        `^Your purchase Hair cut,its consumption code is:${first}  valid until [0-9]{4}-[0-9-]{5} [0-9:]{5} UTC` +
          ", other 2 consumption codes can be viewed on your online profile$",
      ),
    );
    expect(await show(first!)).toBe("Validated Successfully!");
  });

  test("one used, the rest given back: payments gives the difference", async () => {
    const orderId = await buyVoucher();
    const [first, second] = await codesOf(orderId);
    await show(first!);
    await act(orderId, "B", "request refund");
    expect(await show(second!)).toMatch(/^(Already refunded|Not a valid order)!$/);
    await until(orderId, ({ stateCode }) => expect(stateCode).toBe("ST"));
    expect(await paymentOf(orderId)).toMatchObject({
      status: PaymentStatus.PARTIALLY_REFUNDED,
      refunds: [{ reason: RefundReason.ORDER_REFUND, amount: { amountMinor: 1_800n } }],
    });
    expect(await show(second!)).toBe("Not a valid order!");
  });

  test("expired without a use: all of the money is back, by itself", async () => {
    const orderId = await buyVoucher(4_000);
    const order = await until(orderId, ({ stateCode }) => expect(stateCode).toBe("CT"));
    expect(order).toMatchObject({ cancelReason: CancelReason.EXPIRED, refunded: { amountMinor: 3_000n } });
    expect(await paymentOf(orderId)).toMatchObject({ status: PaymentStatus.REFUNDED });
    expect((await titles(orderId, 6)).slice(3)).toEqual([
      "Order #: your refund is under way",
      "Order #: your refund is finished",
      "Order # was canceled",
    ]);
  });

  test("in each other state that verify looks at", async () => {
    await placeVoucher();
    const used = await buyVoucher();
    for (const code of await codesOf(used)) {
      await show(code);
    }
    const canceled = await placeVoucher();
    await act(canceled, "B", "cancel order");
  });
});

test("verify finds nothing, and looks at everything", async () => {
  const examined = await expectVerifyClean(mesh.verifyTargets);
  for (const invariant of ["I7", "I12", "I13", "I14"]) {
    const counts = Object.entries(examined).filter(([name]) => name.startsWith(`${invariant} `));
    expect(counts.length, invariant).toBeGreaterThan(0);
    expect(
      counts.filter(([, count]) => count === 0),
      invariant,
    ).toEqual([]);
  }
});

test.each([
  [
    "I7",
    "payments",
    "delete from refunds where order_refund_id is not null",
    "payments has given nothing back",
  ],
  [
    "I7",
    "payments",
    "update refunds set amount_minor = amount_minor + 1 where order_refund_id is not null",
    "it is of 2000 EUR, but payments has 2001 EUR",
  ],
  ["I7", "loms", "update refund_sheets set state = 'PPR' where state = 'PFR'", "but it is not finished"],
  [
    "I7",
    "loms",
    "delete from refund_sheets where kind = 'anytime'",
    "payments has it (succeeded), the order has not",
  ],
  [
    "I7",
    "loms",
    "update refund_sheets set id = 999999, state = 'PPR' where kind = 'anytime'",
    "payments has never heard of it",
  ],
  ["I14", "loms", "delete from voucher_codes where number = 3", "2 codes, promised 3"],
  ["I14", "loms", "update voucher_codes set state = 'unused' where state = 'refunded'", "2 unused, 1 used"],
  ["I14", "loms", "update voucher_codes set state = 'unused' where state = 'expired'", "3 unused, 0 used"],
  ["I14", "loms", "update voucher_terms set unit_price_minor = 1", "1 of 3 were used at 1 each of 3000"],
  [
    "I14",
    "loms",
    "delete from voucher_codes; delete from voucher_terms",
    "it is a service order without terms",
  ],
  ["I8", "loms", "update voucher_terms set valid_until = now() - interval '1 minute'", "codes are unused"],
])("verify finds %s in %s: %s", async (invariant, database, damage, says) => {
  await mesh.quiesce();
  const name = database === "loms" ? "lomsDatabaseUrl" : "paymentsDatabaseUrl";
  const damaged = mesh.databases[database === "loms" ? "loms" : "payments"];
  const results = await withDamagedCopy(damaged, damage, (url) =>
    runVerify({ ...mesh.verifyTargets, [name]: url }, testLogger()),
  );
  expect(results.flatMap(({ findings }) => [...findings])).toContainEqual({
    invariant,
    text: expect.stringContaining(says),
  });
});
