import { ProductKind } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CheckoutMesh, startCheckoutMesh } from "./checkout-mesh.ts";
import { refusal, refusals } from "./refusal.ts";

let mesh: CheckoutMesh;
let lastUser = 0n;

beforeAll(async () => {
  mesh = await startCheckoutMesh();
  await mesh.stockProduct(1, 250n, 100);
  await mesh.stockProduct(2, 1_999n, 100);
  await mesh.stockProduct(3, 0n, 100);
});

afterAll(async () => {
  await mesh?.stop();
});

function newUser(): bigint {
  lastUser += 1n;
  return lastUser;
}

async function quantities(userId: bigint): Promise<Record<number, number>> {
  const { lines } = await mesh.checkout.listCart({ userId });
  return Object.fromEntries(lines.map(({ sku, quantity }) => [sku, quantity]));
}

describe("AddToCart", () => {
  it("sets the line's count, and moves the version only if something changes", async () => {
    const userId = newUser();
    const add = (sku: number, quantity: number) => mesh.checkout.addToCart({ userId, sku, quantity });
    expect((await add(2, 5)).cartVersion).toBe(1n);
    expect((await add(1, 3)).cartVersion).toBe(2n);
    expect((await add(2, 1)).cartVersion).toBe(3n);
    expect((await add(2, 1)).cartVersion).toBe(3n);
    expect(await quantities(userId)).toEqual({ 1: 3, 2: 1 });
  });

  it("makes exactly one upstream call", async () => {
    const userId = newUser();
    const before = await mesh.upstreamCalls();
    await mesh.checkout.addToCart({ userId, sku: 1, quantity: 1 });
    const after = await mesh.upstreamCalls();
    const changed = Object.entries(after).filter(([method, count]) => count !== (before[method] ?? 0));
    expect(changed).toEqual([["GetAvailability", (before.GetAvailability ?? 0) + 1]]);
  });

  it("refuses what no warehouse knows, by name", async () => {
    const userId = newUser();
    expect(await refusal(mesh.checkout.addToCart({ userId, sku: 404, quantity: 1 }))).toMatchObject({
      code: "NotFound",
      reason: "SKU_NOT_FOUND",
      metadata: { sku: "404" },
      text: expect.stringContaining("404"),
    });
    expect(await quantities(userId)).toEqual({});
  });

  it("refuses what is on a menu, and says where that is ordered", async () => {
    const price = { currencyCode: "EUR", amountMinor: 650n };
    const menuItem = { kind: ProductKind.MENU_ITEM, locationId: 7n, price };
    await mesh.products.upsertProduct({ product: { ...menuItem, sku: 700, name: "Soup" } });
    const userId = newUser();
    const add = (sku: number) => mesh.checkout.addToCart({ userId, sku, quantity: 1 });
    const increase = mesh.checkout.increaseInCart({ userId, sku: 700, quantity: 1 });
    for (const refused of await refusals([add(700), increase])) {
      expect(refused).toMatchObject({ code: "FailedPrecondition", reason: "MENU_ITEM" });
    }
    expect(await quantities(userId)).toEqual({});
    // Somebody has put it into a warehouse all the same.
    await mesh.orders.receiveStock({
      idempotencyKey: "soup",
      receipts: [{ sku: 700, warehouseId: 1n, quantity: 5 }],
    });
    await add(700);
    expect(await refusal(mesh.checkout.purchase({ userId }))).toMatchObject({
      code: "FailedPrecondition",
      reason: "MENU_ITEM",
    });
  });

  it("refuses more than is available, tells what is, and leaves the line as it was", async () => {
    const userId = newUser();
    await mesh.checkout.addToCart({ userId, sku: 1, quantity: 100 });
    expect(await refusal(mesh.checkout.addToCart({ userId, sku: 1, quantity: 101 }))).toMatchObject({
      code: "FailedPrecondition",
      reason: "INSUFFICIENT_STOCK",
      violations: ["sku/1: 101 requested, 100 available"],
    });
    expect(await quantities(userId)).toEqual({ 1: 100 });
    expect((await mesh.checkout.listCart({ userId })).cartVersion).toBe(1n);
  });

  it("takes 1,000 different SKUs and no more, but still lets lines change", async () => {
    const userId = newUser();
    await mesh.checkoutSql`insert into carts (user_id, version) values (${`${userId}`}, 1)`;
    await mesh.checkoutSql`insert into cart_lines (user_id, sku, quantity)
      select ${`${userId}`}, 1000 + n, 1 from generate_series(1, 999) n`;
    await mesh.checkout.addToCart({ userId, sku: 1, quantity: 1 });
    expect(await refusal(mesh.checkout.addToCart({ userId, sku: 2, quantity: 1 }))).toMatchObject({
      code: "FailedPrecondition",
      reason: "CART_FULL",
      text: expect.stringContaining("1000"),
    });
    await mesh.checkout.addToCart({ userId, sku: 1, quantity: 7 });
    await mesh.checkout.deleteFromCart({ userId, sku: 1001, quantity: 1 });
    await mesh.checkout.addToCart({ userId, sku: 2, quantity: 1 });
    expect(Object.keys(await quantities(userId))).toHaveLength(1_000);
  });

  it("loses no change when many come at the same time", async () => {
    const userId = newUser();
    const versions = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        mesh.checkout.addToCart({ userId, sku: (index % 3) + 1, quantity: Math.floor(index / 3) + 1 }),
      ),
    );
    const { cartVersion, lines } = await mesh.checkout.listCart({ userId });
    expect(lines.map(({ sku }) => sku)).toEqual([1, 2, 3]);
    expect(cartVersion).toBe(40n);
    expect(new Set(versions.map((answer) => answer.cartVersion)).size).toBe(40);
  });
});

describe("DeleteFromCart", () => {
  it("subtracts, and removes the line when nothing is left", async () => {
    const userId = newUser();
    await mesh.checkout.addToCart({ userId, sku: 1, quantity: 5 });
    await mesh.checkout.addToCart({ userId, sku: 2, quantity: 5 });
    const take = (sku: number, quantity: number) => mesh.checkout.deleteFromCart({ userId, sku, quantity });
    expect((await take(1, 2)).cartVersion).toBe(3n);
    expect(await quantities(userId)).toEqual({ 1: 3, 2: 5 });
    // Exactly what is there: miniZON left a row with count 0.
    expect((await take(1, 3)).cartVersion).toBe(4n);
    expect(await quantities(userId)).toEqual({ 2: 5 });
    expect((await take(2, 1_000_000)).cartVersion).toBe(5n);
    expect(await quantities(userId)).toEqual({});
    const [row] = await mesh.checkoutSql`select count(*)::int from cart_lines where user_id = ${`${userId}`}`;
    expect(row?.count).toBe(0);
  });

  it("does not miss what is not there, and does not move the version then", async () => {
    const userId = newUser();
    expect((await mesh.checkout.deleteFromCart({ userId, sku: 1, quantity: 1 })).cartVersion).toBe(0n);
    await mesh.checkout.addToCart({ userId, sku: 1, quantity: 1 });
    expect((await mesh.checkout.deleteFromCart({ userId, sku: 2, quantity: 1 })).cartVersion).toBe(1n);
    expect(await quantities(userId)).toEqual({ 1: 1 });
  });
});

describe("IncreaseInCart", () => {
  it("adds to what is there, also beside others, and is checked as the sum", async () => {
    const userId = newUser();
    const add = (quantity: number) => mesh.checkout.increaseInCart({ userId, sku: 1, quantity });
    const added = await Promise.all(Array.from({ length: 20 }, () => add(2)));
    expect(added.map(({ quantity }) => quantity).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => 2 * (index + 1)),
    );
    expect(await refusal(add(61))).toMatchObject({ reason: "INSUFFICIENT_STOCK" });
    expect((await mesh.checkout.listCart({ userId })).lines).toMatchObject([{ sku: 1, quantity: 40 }]);
  });
});

describe("ListCart", () => {
  it("gives an empty list for an empty cart, where miniZON had an error", async () => {
    const cart = await mesh.checkout.listCart({ userId: newUser() });
    expect(cart).toMatchObject({ lines: [], cartVersion: 0n });
    expect(cart.total).toBeUndefined();
  });

  it("gives lines by SKU with names and prices, and the sum of price × quantity", async () => {
    const userId = newUser();
    for (const sku of [3, 1, 2]) {
      await mesh.checkout.addToCart({ userId, sku, quantity: sku + 1 });
    }
    const cart = await mesh.checkout.listCart({ userId });
    expect(
      cart.lines.map(({ sku, quantity, name, price, unavailable }) => [
        sku,
        quantity,
        name,
        price?.amountMinor,
        unavailable,
      ]),
    ).toEqual([
      [1, 2, "Product 1", 250n, false],
      [2, 3, "Product 2", 1_999n, false],
      [3, 4, "Product 3", 0n, false],
    ]);
    expect(cart.total).toMatchObject({ currencyCode: "EUR", amountMinor: 2n * 250n + 3n * 1_999n });
  });

  it("shows a SKU that has left the catalogue as unavailable, and totals the others", async () => {
    const userId = newUser();
    await mesh.orders.receiveStock({
      idempotencyKey: "never in the catalogue",
      receipts: [{ sku: 77, warehouseId: 220n, quantity: 5 }],
    });
    await mesh.checkout.addToCart({ userId, sku: 77, quantity: 2 });
    expect((await mesh.checkout.listCart({ userId })).total).toBeUndefined();
    await mesh.checkout.addToCart({ userId, sku: 1, quantity: 2 });
    const cart = await mesh.checkout.listCart({ userId });
    expect(cart.lines).toMatchObject([
      { sku: 1, unavailable: false },
      { sku: 77, quantity: 2, name: "", unavailable: true },
    ]);
    expect(cart.lines[1]?.price).toBeUndefined();
    expect(cart.total?.amountMinor).toBe(500n);
  });

  it("refuses a total that does not fit, and has none for two currencies", async () => {
    const userId = newUser();
    await mesh.stockProduct(91, 10n ** 15n, 10);
    await mesh.checkout.addToCart({ userId, sku: 91, quantity: 1 });
    expect((await mesh.checkout.listCart({ userId })).total?.amountMinor).toBe(10n ** 15n);
    await mesh.checkout.addToCart({ userId, sku: 91, quantity: 2 });
    expect(await refusal(mesh.checkout.listCart({ userId }))).toMatchObject({
      code: "FailedPrecondition",
      reason: "TOTAL_TOO_HIGH",
    });
    expect(await refusal(mesh.checkout.purchase({ userId }))).toMatchObject({
      code: "FailedPrecondition",
      reason: "TOTAL_TOO_HIGH",
    });
    await mesh.checkout.deleteFromCart({ userId, sku: 91, quantity: 2 });

    await mesh.stockProduct(92, 100n, 10, "JPY");
    await mesh.checkout.addToCart({ userId, sku: 92, quantity: 1 });
    await mesh.checkout.addToCart({ userId, sku: 1, quantity: 1 });
    const cart = await mesh.checkout.listCart({ userId });
    expect(cart.lines.map(({ price }) => price?.currencyCode)).toEqual(["EUR", "JPY"]);
    expect(cart.total).toBeUndefined();
    expect(await refusal(mesh.checkout.purchase({ userId }))).toMatchObject({
      code: "FailedPrecondition",
      reason: "MIXED_CURRENCIES",
      text: expect.stringContaining("EUR and JPY"),
    });
  });
});
