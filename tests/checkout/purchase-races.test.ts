import { readCheckoutConfig } from "@ordermesh/app-checkout/config";
import { type Checkout, startCheckout } from "@ordermesh/app-checkout/service";
import type { Client } from "@connectrpc/connect";
import { CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import type { TransactionSql } from "postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openGrpcClient } from "../harness/grpc-client.ts";
import { type CheckoutMesh, startCheckoutMesh } from "./checkout-mesh.ts";
import { holdingUp } from "./holding-up.ts";

/* What happens to a cart while a purchase is under way, each time at the one moment where it matters. */

let mesh: CheckoutMesh;
/** Another checkout on the same database. It remembers prices, while the mesh's own asks for them each time. */
let replica: Checkout;
let other: Client<typeof CheckoutService>;
let closeOther = () => {};
let lastUser = 0n;

beforeAll(async () => {
  mesh = await startCheckoutMesh({ CACHE_TTL_MS: "1" });
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

/** Makes a call that has read the cart and asks for prices, but gets none until `during` is done. */
function whileAskingForPrices<Result>(
  makeCall: () => Promise<Result>,
  during: (tx: TransactionSql) => unknown,
): Promise<Result> {
  const locks: TransactionSql[] = [];
  const lock = async (tx: TransactionSql) => {
    locks.push(tx);
    await tx`lock table products in access exclusive mode`;
  };
  return holdingUp(mesh.productSql, lock, makeCall, () => during(locks[0] as TransactionSql));
}

/** Makes a call for which LOMS makes an order, but not before `during` is done. */
function whileLomsOrders<Result>(sku: number, makeCall: () => Promise<Result>, during: () => unknown): Promise<Result> {
  const lock = (tx: TransactionSql) => tx`select from stock_levels where sku = ${sku} for update`;
  return holdingUp(mesh.lomsSql, lock, makeCall, during);
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
    const purchased = await holdingUpLoms(
      7,
      () => mesh.checkout.purchase({ userId }),
      () => mesh.checkout.addToCart({ userId, ...change }),
    );
    expect((await ordersOf(userId))[0]).toMatchObject({
      orderId: purchased.orderId,
      lines: [{ sku: 7, quantity: 2 }],
    });
    const { lines, cartVersion } = await mesh.checkout.listCart({ userId });
    expect(Object.fromEntries(lines.map(({ sku, quantity }) => [sku, quantity]))).toEqual(left);
    // One for the edit, one for the order.
    expect(cartVersion).toBe(3n);
  },
);

it("a cart that was changed before its purchase was stored is ordered as it is then", async () => {
  await mesh.stockProduct(1, 100n, 100);
  const userId = await cartOf(2, 1);
  const purchased = await whileAskingForPrices(
    () => mesh.checkout.purchase({ userId }),
    () => mesh.checkout.addToCart({ userId, sku: 1, quantity: 5 }),
  );
  const orders = await ordersOf(userId);
  expect(orders).toHaveLength(1);
  expect(orders[0]?.lines.map(({ sku, quantity }) => [sku, quantity])).toEqual([
    [1, 5],
    [2, 1],
  ]);
  expect(purchased).toMatchObject({ orderId: orders[0]?.orderId, replayed: false });
  expect((await mesh.checkout.listCart({ userId })).lines).toEqual([]);
});

it("a cart that others changed and ordered meanwhile is not ordered a second time", async () => {
  const userId = await cartOf(3, 1);
  const purchased = await whileAskingForPrices(
    () => mesh.checkout.purchase({ userId }),
    async () => {
      await other.addToCart({ userId, sku: 3, quantity: 4 });
      expect(await other.purchase({ userId, cartVersion: 2n })).toMatchObject({ replayed: false });
    },
  );
  const orders = await ordersOf(userId);
  expect(orders).toHaveLength(1);
  expect(purchased).toMatchObject({ orderId: orders[0]?.orderId, replayed: true });
});

it("two checkouts that know different prices make one order, at the prices that were stored first", async () => {
  const userId = await cartOf(4, 1);
  const early: Promise<{ orderId: bigint }>[] = [];
  const late = await whileAskingForPrices(
    () => mesh.checkout.purchase({ userId }),
    async (products) => {
      // Stored, but held up in LOMS while the price changes and the late one comes to store its own.
      early.push(other.purchase({ userId }));
      await Promise.all(early);
      await products`update products set price_minor = 999 where sku = 4`;
    },
  );
  const [order, ...more] = await ordersOf(userId);
  expect(more).toEqual([]);
  expect(order?.total?.amountMinor).toBe(100n);
  expect(late).toMatchObject({ orderId: order?.orderId, replayed: true, total: { amountMinor: 100n } });
  expect((await early[0])?.orderId).toBe(order?.orderId);
});

it("the ledgers agree in the end", async () => {
  await mesh.expectVerifyClean();
});
