import { CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { openGrpcClient } from "../harness/grpc-client.ts";
import { startServiceProcess } from "../harness/service-process.ts";
import { type CheckoutMesh, startCheckoutMesh } from "./checkout-mesh.ts";
import { holdStock } from "./held-lock.ts";
import { refusal } from "./refusal.ts";

/*
 * Between LOMS making the order and checkout recording it, anything may die. Here it does, at that very moment: a lock
 * on the stock level holds LOMS up in the middle of its transaction until the answer can no longer be delivered.
 */

let mesh: CheckoutMesh;
let lastUser = 0n;
let ordersUnheard = 0;

beforeAll(async () => {
  mesh = await startCheckoutMesh({ CACHE_TTL_MS: "1" });
});

afterEach(reconnect);

afterAll(async () => {
  process.stdout.write(`purchase faults: ${ordersUnheard} orders were made of which nobody heard\n`);
  await mesh?.stop();
});

async function cartOf(sku: number, quantity: number): Promise<bigint> {
  lastUser += 1n;
  await mesh.stockProduct(sku, 100n, 20);
  await mesh.checkout.addToCart({ userId: lastUser, sku, quantity });
  return lastUser;
}

/** Mends the link to LOMS and waits until checkout has noticed. */
async function reconnect(): Promise<void> {
  mesh.lomsLink.heal();
  await mesh.stockProduct(1, 100n, 20);
  await eventually(() => mesh.checkout.addToCart({ userId: 999_999n, sku: 1, quantity: 1 }));
}

async function ordersOf(userId: bigint) {
  return (await mesh.orders.listOrders({ userId })).orders;
}

async function setPrice(sku: number, amountMinor: bigint): Promise<void> {
  const { product } = await mesh.products.getProduct({ sku });
  if (product?.price === undefined) {
    throw new Error(`SKU ${sku} has no price.`);
  }
  product.price.amountMinor = amountMinor;
  await mesh.products.upsertProduct({ product });
}

async function statusOf(userId: bigint): Promise<unknown> {
  const rows = await mesh.checkoutSql`select cart_version::int as version, status, order_id
    from purchases where user_id = ${`${userId}`} order by cart_version`;
  return rows.map(({ version, status }) => [version, status]);
}

/** The order is made although whoever wanted it has not heard of it. */
async function expectUnheardOrder(userId: bigint): Promise<void> {
  await eventually(async () => expect(await ordersOf(userId)).toHaveLength(1));
  ordersUnheard += 1;
}

/** A purchase whose answer is lost: LOMS is cut off while it makes the order. */
async function purchaseUnheard(userId: bigint, sku: number): Promise<void> {
  const stock = await holdStock(mesh.lomsSql, sku);
  const unheard = refusal(mesh.checkout.purchase({ userId }));
  await stock.untilSomeoneWaits();
  mesh.lomsLink.refuse();
  await stock.release();
  expect(await unheard).toMatchObject({ code: "Unavailable" });
  await expectUnheardOrder(userId);
  await reconnect();
}

it("a retry after a lost answer gets the order that was made, and empties the cart", async () => {
  const userId = await cartOf(1, 2);
  await purchaseUnheard(userId, 1);
  expect(await statusOf(userId)).toEqual([[1, "pending"]]);
  expect((await mesh.checkout.listCart({ userId })).lines).toHaveLength(1);

  const retried = await mesh.checkout.purchase({ userId });
  const orders = await ordersOf(userId);
  expect(orders).toHaveLength(1);
  expect(retried).toMatchObject({ orderId: orders[0]?.orderId, replayed: true });
  expect(await statusOf(userId)).toEqual([[1, "awaiting_payment"]]);
  expect((await mesh.checkout.listCart({ userId })).lines).toEqual([]);
});

it("a price that changes before the retry does not make it another request", async () => {
  const userId = await cartOf(2, 3);
  await purchaseUnheard(userId, 2);
  await setPrice(2, 999n);
  await eventually(async () => {
    expect((await mesh.checkout.listCart({ userId })).total?.amountMinor).toBe(2_997n);
  });
  const retried = await mesh.checkout.purchase({ userId });
  expect(retried.total?.amountMinor).toBe(300n);
  const [order, ...others] = await ordersOf(userId);
  expect(others).toEqual([]);
  expect(order).toMatchObject({ orderId: retried.orderId, total: { amountMinor: 300n } });
});

it("a purchase that never reached LOMS is made by the retry, at the prices that the buyer was told", async () => {
  const userId = await cartOf(3, 1);
  mesh.lomsLink.refuse();
  expect(await refusal(mesh.checkout.purchase({ userId }))).toMatchObject({
    code: "Unavailable",
    reason: "UPSTREAM_UNAVAILABLE",
    text: expect.not.stringContaining("127.0.0.1"),
  });
  expect(await ordersOf(userId)).toEqual([]);
  await setPrice(3, 999n);
  await reconnect();
  const made = await mesh.checkout.purchase({ userId });
  expect(made).toMatchObject({ replayed: false, total: { amountMinor: 100n } });
});

it("a cart that was changed after a lost answer is ordered as it is now", async () => {
  const userId = await cartOf(4, 1);
  await purchaseUnheard(userId, 4);
  const [unheard] = await ordersOf(userId);
  await mesh.checkout.addToCart({ userId, sku: 1, quantity: 5 });
  const second = await mesh.checkout.purchase({ userId });
  expect(second).toMatchObject({ replayed: false });
  expect((await mesh.orders.getOrder({ orderId: second.orderId })).order?.lines).toHaveLength(2);
  expect((await mesh.checkout.listCart({ userId })).lines).toEqual([]);

  // Who asks for the former version by its number gets the order that was made of it.
  expect(await mesh.checkout.purchase({ userId, cartVersion: 1n })).toMatchObject({
    orderId: unheard?.orderId,
    replayed: true,
  });
  expect(await ordersOf(userId)).toHaveLength(2);
  expect(await statusOf(userId)).toEqual([
    [1, "awaiting_payment"],
    [2, "awaiting_payment"],
  ]);
});

it("a checkout that is killed before it has recorded the order is completed by the next one", async () => {
  const userId = await cartOf(5, 2);
  const process = await startServiceProcess("checkout", mesh.checkoutEnvironment);
  const own = await openGrpcClient(CheckoutService, `127.0.0.1:${process.port}`);
  try {
    const stock = await holdStock(mesh.lomsSql, 5);
    const unheard = refusal(own.client.purchase({ userId }));
    await stock.untilSomeoneWaits();
    await process.kill();
    await stock.release();
    expect(await unheard).toMatchObject({ code: "Unavailable" });
    await expectUnheardOrder(userId);
    expect(await statusOf(userId)).toEqual([[1, "pending"]]);
    await process.restart();
    const retried = await eventually(() => own.client.purchase({ userId }));
    const orders = await ordersOf(userId);
    expect(orders).toHaveLength(1);
    expect(retried).toMatchObject({ orderId: orders[0]?.orderId, replayed: true });
    // Another replica knows it as well.
    expect(await mesh.checkout.purchase({ userId })).toMatchObject({
      orderId: retried.orderId,
      replayed: true,
    });
    expect((await mesh.checkout.listCart({ userId })).lines).toEqual([]);
  } finally {
    own.close();
    await process.stop();
  }
});

it("a checkout whose database came back from a backup does not take an old order for a new one", async () => {
  const userId = await cartOf(6, 1);
  const first = await mesh.checkout.purchase({ userId });
  // The backup is of the time before: version 1, with other lines than were ordered later.
  await mesh.checkoutSql`delete from purchases where user_id = ${`${userId}`}`;
  await mesh.checkoutSql`update carts set version = 1 where user_id = ${`${userId}`}`;
  await mesh.checkoutSql`insert into cart_lines (user_id, sku, quantity) values (${`${userId}`}, 1, 1)`;
  expect(await refusal(mesh.checkout.purchase({ userId }))).toMatchObject({
    code: "Aborted",
    reason: "CART_VERSION_REUSED",
  });
  const second = await mesh.checkout.purchase({ userId });
  expect(second.orderId).not.toBe(first.orderId);
  expect(await ordersOf(userId)).toHaveLength(2);

  // A database that was lost altogether counts from 1 again, too.
  await mesh.checkoutSql`delete from purchases where user_id = ${`${userId}`}`;
  await mesh.checkoutSql`delete from carts where user_id = ${`${userId}`}`;
  await mesh.checkout.addToCart({ userId, sku: 6, quantity: 1 });
  expect(await mesh.checkout.purchase({ userId, cartVersion: 1n })).toMatchObject({ replayed: false });
});

it("the ledgers agree in the end", async () => {
  expect(ordersUnheard).toBe(4);
  await mesh.expectVerifyClean();
  const { orders } = await mesh.orders.listOrders({
    statuses: [OrderStatus.AWAITING_PAYMENT],
    pageSize: 100,
  });
  expect(orders.length).toBeGreaterThanOrEqual(8);
});
