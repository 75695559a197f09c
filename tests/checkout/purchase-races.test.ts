import type { Client } from "@connectrpc/connect";
import { readCheckoutConfig } from "@ordermesh/app-checkout/config";
import { type Checkout, startCheckout } from "@ordermesh/app-checkout/service";
import { CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openGrpcClient } from "../harness/grpc-client.ts";
import { type CheckoutMesh, startCheckoutMesh } from "./checkout-mesh.ts";
import { holdCatalogue, holdStock } from "./held-lock.ts";

/* What happens to a cart while a purchase is under way, each time at the one moment where it matters. */

let mesh: CheckoutMesh;
/** Another checkout on the same database. It remembers prices, while the mesh's own asks for them each time. */
let replica: Checkout;
let other: Client<typeof CheckoutService>;
let closeOther = () => {};
let lastUser = 0n;

beforeAll(async () => {
  mesh = await startCheckoutMesh({ CACHE_TTL_MS: "1" });
  await mesh.stockProduct(1, 100n, 100);
  replica = await startCheckout(readCheckoutConfig({ ...mesh.checkoutEnvironment, CACHE_TTL_MS: "600000" }));
  await replica.ready;
  const { client, close } = await openGrpcClient(CheckoutService, `127.0.0.1:${replica.address.port}`);
  other = client;
  closeOther = close;
});

afterAll(async () => {
  closeOther();
  await replica?.stop();
  await mesh?.stop();
});

/** A cart of which the other checkout knows the prices. */
async function cartOf(sku: number, quantity: number): Promise<bigint> {
  lastUser += 1n;
  await mesh.stockProduct(sku, 100n, 100);
  await mesh.checkout.addToCart({ userId: lastUser, sku, quantity });
  await other.listCart({ userId: lastUser });
  return lastUser;
}

async function ordersOf(userId: bigint) {
  return (await mesh.orders.listOrders({ userId })).orders;
}

const edits = [
  { edit: "adds another SKU", change: { sku: 1, quantity: 5 }, left: { 1: 5 } },
  { edit: "sets the line higher", change: { sku: 7, quantity: 9 }, left: { 7: 7 } },
  { edit: "sets the line lower", change: { sku: 7, quantity: 1 }, left: {} },
];

it.each(edits)(
  "a buyer who $edit while the order is made keeps what was not ordered",
  async ({ change, left }) => {
    const userId = await cartOf(7, 2);
    const stock = await holdStock(mesh.lomsSql, 7);
    const purchase = mesh.checkout.purchase({ userId });
    await stock.untilSomeoneWaits();
    await mesh.checkout.addToCart({ userId, ...change });
    await stock.release();
    const { orderId } = await purchase;
    expect((await ordersOf(userId))[0]).toMatchObject({
      orderId,
      lines: [{ sku: 7, quantity: 2 }],
    });
    const { lines, cartVersion } = await mesh.checkout.listCart({ userId });
    expect(Object.fromEntries(lines.map(({ sku, quantity }) => [sku, quantity]))).toEqual(left);
    // One for the edit, one for the order.
    expect(cartVersion).toBe(3n);
  },
);

it("a cart that was changed before its purchase was stored is ordered as it is then", async () => {
  const userId = await cartOf(2, 1);
  const catalogue = await holdCatalogue(mesh.productSql);
  const purchase = mesh.checkout.purchase({ userId });
  await catalogue.untilSomeoneWaits();
  await mesh.checkout.addToCart({ userId, sku: 1, quantity: 5 });
  await catalogue.release();

  const { orderId, replayed } = await purchase;
  expect(replayed).toBe(false);
  const orders = await ordersOf(userId);
  expect(orders.map((order) => order.orderId)).toEqual([orderId]);
  expect(orders[0]?.lines.map(({ sku, quantity }) => [sku, quantity])).toEqual([
    [1, 5],
    [2, 1],
  ]);
  expect((await mesh.checkout.listCart({ userId })).lines).toEqual([]);
});

it("a cart that others changed and ordered meanwhile is not ordered a second time", async () => {
  const userId = await cartOf(3, 1);
  const catalogue = await holdCatalogue(mesh.productSql);
  const late = mesh.checkout.purchase({ userId });
  await catalogue.untilSomeoneWaits();
  await other.addToCart({ userId, sku: 3, quantity: 4 });
  const { orderId } = await other.purchase({ userId, cartVersion: 2n });
  await catalogue.release();

  expect(await late).toMatchObject({ orderId, replayed: true });
  expect(await ordersOf(userId)).toHaveLength(1);
});

it("two checkouts that know different prices make one order, at the prices that were stored first", async () => {
  const userId = await cartOf(4, 1);
  const catalogue = await holdCatalogue(mesh.productSql);
  const late = mesh.checkout.purchase({ userId });
  await catalogue.untilSomeoneWaits();
  const stock = await holdStock(mesh.lomsSql, 4);
  const early = other.purchase({ userId });
  await stock.untilSomeoneWaits();
  await catalogue.tx`update products set price_minor = 999 where sku = 4`;
  await catalogue.release();
  // The late one has its prices now, and is on its way to store what it knows.
  for (let round = 0; round < 5; round += 1) {
    expect((await mesh.checkout.listCart({ userId })).total?.amountMinor).toBe(999n);
  }
  await stock.release();

  const { orderId } = await early;
  expect(await late).toMatchObject({ orderId, replayed: true, total: { amountMinor: 100n } });
  const orders = await ordersOf(userId);
  expect(orders).toMatchObject([{ orderId, total: { amountMinor: 100n } }]);
});

it("the ledgers agree in the end", async () => {
  await mesh.expectVerifyClean();
});
