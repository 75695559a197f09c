import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type CheckoutMesh, startCheckoutMesh } from "./checkout-mesh.ts";
import { refusal } from "./refusal.ts";

/* The contract of miniZON's checkout; its bad input is in bad-input.test.ts. */

let mesh: CheckoutMesh;
let lastUser = 0n;

beforeAll(async () => {
  mesh = await startCheckoutMesh();
  await mesh.stockProduct(1, 250n, 100);
  await mesh.stockProduct(2, 4_294_967_295n, 100);
  await mesh.stockProduct(3, 4_294_967_296n, 100);
  await mesh.stockProduct(4, 100n, 100, "JPY");
});

afterAll(async () => {
  await mesh?.stop();
});

async function cartOf(counts: Readonly<Record<number, number>>): Promise<bigint> {
  lastUser += 1n;
  for (const [sku, count] of Object.entries(counts)) {
    await mesh.minizon.addToCart({ user: lastUser, sku: Number(sku), count });
  }
  return lastUser;
}

it("fills, lists, empties and purchases a cart", async () => {
  const user = await cartOf({ 1: 3 });
  expect(await mesh.minizon.listCart({ user })).toMatchObject({
    items: [{ sku: 1, count: 3, name: "Product 1", price: 250 }],
    totalPrice: 750,
  });
  await mesh.minizon.deleteFromCart({ user, sku: 1, count: 1 });
  expect((await mesh.minizon.listCart({ user })).totalPrice).toBe(500);

  const { orderId } = await mesh.minizon.purchase({ user });
  expect((await mesh.orders.getOrder({ orderId })).order).toMatchObject({
    userId: user,
    status: OrderStatus.AWAITING_PAYMENT,
    lines: [{ sku: 1, quantity: 2 }],
  });
  expect(await mesh.minizon.listCart({ user })).toMatchObject({ items: [], totalPrice: 0 });
  // A second click is the same order, where miniZON made another one.
  expect((await mesh.minizon.purchase({ user })).orderId).toBe(orderId);
});

it("has proper codes where miniZON had INTERNAL", async () => {
  const user = await cartOf({});
  expect(await refusal(mesh.minizon.purchase({ user }))).toMatchObject({
    code: "FailedPrecondition",
    reason: "CART_EMPTY",
  });
  expect(await refusal(mesh.minizon.addToCart({ user, sku: 404, count: 1 }))).toMatchObject({
    code: "NotFound",
  });
  expect(await refusal(mesh.minizon.addToCart({ user, sku: 1, count: 100_000 }))).toMatchObject({
    code: "FailedPrecondition",
    reason: "INSUFFICIENT_STOCK",
  });
  await mesh.minizon.deleteFromCart({ user, sku: 404, count: 1 });
});

it("refuses what its 32 bits do not hold, and does not cut it off", async () => {
  const fits = await cartOf({ 2: 1 });
  expect((await mesh.minizon.listCart({ user: fits })).totalPrice).toBe(4_294_967_295);
  const tooHigh: Record<number, number>[] = [{ 2: 2 }, { 2: 1, 1: 1 }, { 3: 1 }];
  for (const counts of tooHigh) {
    const user = await cartOf(counts);
    expect(await refusal(mesh.minizon.listCart({ user }))).toMatchObject({
      code: "FailedPrecondition",
      reason: "PRICE_OUT_OF_RANGE",
    });
    // The cart itself can be ordered.
    expect((await mesh.minizon.purchase({ user })).orderId).toBeGreaterThan(0n);
  }
});

it("shows a product that is gone with neither name nor price", async () => {
  const user = await cartOf({ 1: 1 });
  await mesh.orders.receiveStock({
    idempotencyKey: "not in the catalogue",
    receipts: [{ sku: 99, warehouseId: 1n, quantity: 5 }],
  });
  await mesh.minizon.addToCart({ user, sku: 99, count: 2 });
  expect(await mesh.minizon.listCart({ user })).toMatchObject({
    items: [
      { sku: 1, price: 250 },
      { sku: 99, count: 2, name: "", price: 0 },
    ],
    totalPrice: 250,
  });
});

it("does not add up two currencies", async () => {
  const user = await cartOf({ 1: 1, 4: 1 });
  expect(await refusal(mesh.minizon.listCart({ user }))).toMatchObject({
    code: "FailedPrecondition",
    reason: "MIXED_CURRENCIES",
  });
});
