import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CheckoutMesh, startCheckoutMesh } from "./checkout-mesh.ts";
import { refusal } from "./refusal.ts";

let mesh: CheckoutMesh;
let lastUser = 0n;
let lastSku = 100;

beforeAll(async () => {
  mesh = await startCheckoutMesh();
  await mesh.stockProduct(1, 250n, 1_000);
  await mesh.stockProduct(2, 1_999n, 1_000);
});

afterAll(async () => {
  await mesh?.stop();
});

async function cartOf(quantities: Readonly<Record<number, number>>): Promise<bigint> {
  lastUser += 1n;
  for (const [sku, quantity] of Object.entries(quantities)) {
    await mesh.checkout.addToCart({ userId: lastUser, sku: Number(sku), quantity });
  }
  return lastUser;
}

/** A SKU of the test's own, with so many units. */
async function scarceSku(onHand: number): Promise<number> {
  lastSku += 1;
  await mesh.stockProduct(lastSku, 100n, onHand);
  return lastSku;
}

async function listed(userId: bigint) {
  const { cartVersion, lines } = await mesh.checkout.listCart({ userId });
  return { cartVersion, lines: Object.fromEntries(lines.map(({ sku, quantity }) => [sku, quantity])) };
}

async function ordersOf(userId: bigint) {
  return (await mesh.orders.listOrders({ userId })).orders;
}

describe("Purchase", () => {
  it("makes an order with the names and prices of the cart, and empties the cart", async () => {
    const userId = await cartOf({ 1: 3, 2: 1 });
    const { cartVersion } = await listed(userId);
    const purchased = await mesh.checkout.purchase({ userId, cartVersion });
    expect(purchased).toMatchObject({ replayed: false, status: OrderStatus.AWAITING_PAYMENT });
    expect(purchased.total).toMatchObject({ currencyCode: "EUR", amountMinor: 3n * 250n + 1_999n });

    const { order } = await mesh.orders.getOrder({ orderId: purchased.orderId });
    expect(order).toMatchObject({
      userId,
      status: OrderStatus.AWAITING_PAYMENT,
      lines: [
        { sku: 1, quantity: 3, name: "Product 1", unitPrice: { currencyCode: "EUR", amountMinor: 250n } },
        { sku: 2, quantity: 1, name: "Product 2", unitPrice: { currencyCode: "EUR", amountMinor: 1_999n } },
      ],
    });
    expect(await listed(userId)).toEqual({ cartVersion: cartVersion + 1n, lines: {} });
  });

  it("refuses an empty cart", async () => {
    const userId = await cartOf({});
    expect(await refusal(mesh.checkout.purchase({ userId }))).toMatchObject({
      code: "FailedPrecondition",
      reason: "CART_EMPTY",
    });
    // One that was filled and emptied again is as empty, although an order came of it before.
    await mesh.checkout.addToCart({ userId, sku: 1, quantity: 1 });
    await mesh.checkout.purchase({ userId });
    await mesh.checkout.addToCart({ userId, sku: 1, quantity: 1 });
    await mesh.checkout.deleteFromCart({ userId, sku: 1, quantity: 1 });
    expect(await refusal(mesh.checkout.purchase({ userId }))).toMatchObject({ reason: "CART_EMPTY" });
    expect(await ordersOf(userId)).toHaveLength(1);
  });

  it("names the SKUs that have left the catalogue, and orders nothing", async () => {
    const userId = await cartOf({ 1: 1 });
    await mesh.orders.receiveStock({
      idempotencyKey: "not in the catalogue",
      receipts: [{ sku: 99, warehouseId: 1n, quantity: 5 }],
    });
    await mesh.checkout.addToCart({ userId, sku: 99, quantity: 1 });
    expect(await refusal(mesh.checkout.purchase({ userId }))).toMatchObject({
      code: "FailedPrecondition",
      reason: "PRODUCT_UNAVAILABLE",
      violations: ["sku/99: no longer in the catalogue"],
    });
    expect(await listed(userId)).toEqual({ cartVersion: 2n, lines: { 1: 1, 99: 1 } });
    expect(await ordersOf(userId)).toEqual([]);
  });

  it("orders a full cart of 1,000 SKUs", async () => {
    const userId = await cartOf({ 1: 1 });
    const skus = Array.from({ length: 999 }, (_, index) => 10_001 + index);
    await mesh.productSql`insert into products (sku, name, currency_code, price_minor, kind, updated_at)
      select sku, 'Product ' || sku, 'EUR', sku, 'physical', now() from generate_series(10001, 10999) sku`;
    await mesh.orders.receiveStock({
      idempotencyKey: "999 SKUs",
      receipts: skus.map((sku) => ({ sku, warehouseId: 220n, quantity: 3 })),
    });
    await mesh.checkoutSql`insert into cart_lines (user_id, sku, quantity)
      select ${`${userId}`}, sku, 2 from generate_series(10001, 10999) sku`;
    const { orderId, total } = await mesh.checkout.purchase({ userId });
    expect(total?.amountMinor).toBe(skus.reduce((sum, sku) => sum + 2n * BigInt(sku), 250n));
    expect((await mesh.orders.getOrder({ orderId })).order?.lines).toHaveLength(1_000);
    expect((await listed(userId)).lines).toEqual({});
  });
});

describe("One version of a cart is one order", () => {
  it.each([0n, 1n])("when 20 clicks come at the same time (cart_version %s)", async (cartVersion) => {
    const sku = await scarceSku(50);
    const userId = await cartOf({ [sku]: 2 });
    const purchases = await Promise.all(
      Array.from({ length: 20 }, () => mesh.checkout.purchase({ userId, cartVersion })),
    );
    const orders = await ordersOf(userId);
    expect(orders).toHaveLength(1);
    expect(new Set(purchases.map(({ orderId }) => orderId))).toEqual(new Set([orders[0]?.orderId]));
    expect(purchases.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(await listed(userId)).toEqual({ cartVersion: 2n, lines: {} });
    const { stockLevels } = await mesh.orders.listStockLevels({ sku });
    expect(stockLevels[0]).toMatchObject({ onHand: 50, reserved: 2 });
  });

  it("when a second click comes late, with or without the version", async () => {
    const userId = await cartOf({ 1: 1 });
    const first = await mesh.checkout.purchase({ userId });
    for (const cartVersion of [0n, 1n]) {
      expect(await mesh.checkout.purchase({ userId, cartVersion })).toEqual({ ...first, replayed: true });
    }
    // Looking at the cart, or deleting what is not there, does not touch it.
    await mesh.checkout.deleteFromCart({ userId, sku: 1, quantity: 1 });
    expect(await mesh.checkout.purchase({ userId })).toMatchObject({
      orderId: first.orderId,
      replayed: true,
    });
    expect(await ordersOf(userId)).toHaveLength(1);
  });

  it("also after the order was paid, canceled, or other versions were ordered", async () => {
    const userId = await cartOf({ 1: 1 });
    const first = await mesh.checkout.purchase({ userId, cartVersion: 1n });
    await mesh.orders.payOrder({ orderId: first.orderId });
    await mesh.checkout.addToCart({ userId, sku: 2, quantity: 1 });
    const second = await mesh.checkout.purchase({ userId, cartVersion: 3n });
    await mesh.orders.cancelOrder({ orderId: second.orderId });
    expect(second.orderId).not.toBe(first.orderId);
    expect(await mesh.checkout.purchase({ userId, cartVersion: 1n })).toEqual({ ...first, replayed: true });
    expect(await mesh.checkout.purchase({ userId, cartVersion: 3n })).toEqual({ ...second, replayed: true });
    expect(await ordersOf(userId)).toHaveLength(2);
  });

  it("and no version is ordered that the buyer has not seen", async () => {
    const userId = await cartOf({ 1: 1 });
    await mesh.checkout.addToCart({ userId, sku: 2, quantity: 5 });
    expect(await refusal(mesh.checkout.purchase({ userId, cartVersion: 1n }))).toMatchObject({
      code: "Aborted",
      reason: "CART_CHANGED",
      metadata: { cart_version: "2" },
    });
    expect(await ordersOf(userId)).toEqual([]);
    expect((await mesh.checkout.purchase({ userId, cartVersion: 2n })).replayed).toBe(false);
    expect((await ordersOf(userId))[0]?.lines).toHaveLength(2);
  });
});

describe("When stock is short", () => {
  it("tells the shortages and the failed order, keeps the lines, and lets the buyer try again", async () => {
    const sku = await scarceSku(5);
    const userId = await cartOf({ 1: 1, [sku]: 5 });
    const rival = await cartOf({ [sku]: 4 });
    await mesh.checkout.purchase({ userId: rival });

    const failed = await refusal(mesh.checkout.purchase({ userId, cartVersion: 2n }));
    expect(failed).toMatchObject({
      code: "FailedPrecondition",
      reason: "INSUFFICIENT_STOCK",
      violations: [`sku/${sku}: 5 requested, 1 available`],
    });
    const [order] = await ordersOf(userId);
    expect(order).toMatchObject({
      status: OrderStatus.FAILED,
      shortages: [{ sku, requested: 5, available: 1 }],
    });
    expect(failed.metadata).toEqual({ order_id: `${order?.orderId}` });
    expect(await listed(userId)).toEqual({ cartVersion: 3n, lines: { 1: 1, [sku]: 5 } });

    // The version that failed has failed, however often it is asked for.
    expect(await refusal(mesh.checkout.purchase({ userId, cartVersion: 2n }))).toEqual(failed);
    await mesh.orders.receiveStock({
      idempotencyKey: `more of ${sku}`,
      receipts: [{ sku, warehouseId: 221n, quantity: 10 }],
    });
    expect(await refusal(mesh.checkout.purchase({ userId, cartVersion: 2n }))).toEqual(failed);
    expect(await mesh.checkout.purchase({ userId })).toMatchObject({ replayed: false });
    expect((await ordersOf(userId)).map(({ status }) => status)).toEqual([
      OrderStatus.AWAITING_PAYMENT,
      OrderStatus.FAILED,
    ]);
  });

  it("makes one failed order of 20 clicks that come at the same time", async () => {
    const sku = await scarceSku(1);
    const userId = await cartOf({ [sku]: 1 });
    const rival = await cartOf({ [sku]: 1 });
    await mesh.checkout.purchase({ userId: rival });
    const refusals = await Promise.all(
      Array.from({ length: 20 }, () => refusal(mesh.checkout.purchase({ userId, cartVersion: 1n }))),
    );
    expect(new Set(refusals.map(({ metadata }) => metadata.order_id)).size).toBe(1);
    expect(await ordersOf(userId)).toHaveLength(1);
  });
});

it("the ledgers agree in the end", async () => {
  const examined = await mesh.expectVerifyClean();
  expect(Object.entries(examined).find(([claim]) => claim.includes("purchase"))?.[1]).toBeGreaterThan(10);
});
