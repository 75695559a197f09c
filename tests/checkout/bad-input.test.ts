import { afterAll, beforeAll, expect, it } from "vitest";
import { type CheckoutMesh, startCheckoutMesh } from "./checkout-mesh.ts";
import { refusal, refusals } from "./refusal.ts";

/* Each bad input gets a clear error, and changes nothing. */

let mesh: CheckoutMesh;
const userId = 1n;
const maxInt64 = 2n ** 63n - 1n;

beforeAll(async () => {
  mesh = await startCheckoutMesh();
  await mesh.stockProduct(1, 250n, 100);
  await mesh.checkout.addToCart({ userId, sku: 1, quantity: 3 });
});

afterAll(async () => {
  await mesh?.stop();
});

async function expectUnchanged(): Promise<void> {
  expect(await mesh.checkout.listCart({ userId })).toMatchObject({
    lines: [{ sku: 1, quantity: 3 }],
    cartVersion: 1n,
  });
  const [counts] = await mesh.checkoutSql`select (select count(*)::int from carts) as carts,
    (select count(*)::int from purchases) as purchases`;
  expect(counts).toEqual({ carts: 1, purchases: 0 });
  expect((await mesh.orders.listOrders({})).orders).toEqual([]);
}

const changes = [
  ["user 0", { userId: 0n, sku: 1, quantity: 1 }, "user_id"],
  ["a negative user", { userId: -1n, sku: 1, quantity: 1 }, "user_id"],
  ["SKU 0", { userId, sku: 0, quantity: 1 }, "sku"],
  ["no units", { userId, sku: 1, quantity: 0 }, "quantity"],
  ["too many units", { userId, sku: 1, quantity: 1_000_001 }, "quantity"],
  ["the most units that the wire can carry", { userId, sku: 1, quantity: 4_294_967_295 }, "quantity"],
] as const;

it.each(changes)("AddToCart and DeleteFromCart refuse %s", async (_, request, field) => {
  const refused = { code: "InvalidArgument", fields: [field] };
  const calls = [mesh.checkout.addToCart(request), mesh.checkout.deleteFromCart(request)];
  expect(await refusals(calls)).toMatchObject([refused, refused]);
  await expectUnchanged();
});

it.each(changes)(
  "miniZON's AddToCart and DeleteFromCart refuse %s",
  async (_, { userId: user, sku, quantity }, field) => {
    const request = { user, sku, count: quantity };
    const name = { user_id: "user", sku: "sku", quantity: "count" }[field];
    const refused = { code: "InvalidArgument", fields: [name] };
    const calls = [mesh.minizon.addToCart(request), mesh.minizon.deleteFromCart(request)];
    expect(await refusals(calls)).toMatchObject([refused, refused]);
    await expectUnchanged();
  },
);

it("ListCart and Purchase refuse users and versions that can not be", async () => {
  const refused = await refusals([
    mesh.checkout.listCart({ userId: 0n }),
    mesh.checkout.listCart({ userId: -5n }),
    mesh.checkout.purchase({ userId: 0n }),
    mesh.checkout.purchase({ userId, cartVersion: -1n }),
    mesh.minizon.listCart({ user: 0n }),
    mesh.minizon.purchase({ user: -1n }),
  ]);
  expect(refused.map(({ code }) => code)).toEqual(Array(6).fill("InvalidArgument"));
  await expectUnchanged();
});

it("unknown users have empty carts, also the last one that there can be", async () => {
  expect((await mesh.checkout.listCart({ userId: maxInt64 })).lines).toEqual([]);
  expect((await mesh.checkout.deleteFromCart({ userId: maxInt64, sku: 1, quantity: 1 })).cartVersion).toBe(
    0n,
  );
  expect(await refusal(mesh.checkout.purchase({ userId: maxInt64 }))).toMatchObject({
    code: "FailedPrecondition",
    reason: "CART_EMPTY",
  });
  expect(await refusal(mesh.minizon.purchase({ user: maxInt64 }))).toMatchObject({
    code: "FailedPrecondition",
  });
  await expectUnchanged();
});

it("a version that the cart does not have is ABORTED, and names the one that it has", async () => {
  for (const cartVersion of [2n, maxInt64]) {
    expect(await refusal(mesh.checkout.purchase({ userId, cartVersion }))).toMatchObject({
      code: "Aborted",
      reason: "CART_CHANGED",
      metadata: { cart_version: "1" },
    });
  }
  await expectUnchanged();
});

it("an expired deadline is DEADLINE_EXCEEDED and does nothing", async () => {
  const refused = await refusals([
    mesh.checkout.addToCart({ userId, sku: 1, quantity: 9 }, { timeoutMs: 0 }),
    mesh.checkout.purchase({ userId }, { timeoutMs: 0 }),
  ]);
  expect(refused.map(({ code }) => code)).toEqual(["DeadlineExceeded", "DeadlineExceeded"]);
  await expectUnchanged();
});

it("cache keys must be SKUs, and all of them", async () => {
  for (const key of ["", "abc", "0", "-1", "1.5", "01", " 1", "4294967296", "9".repeat(100), "1e3", "0x10"]) {
    expect(await refusal(mesh.minizon.cacheDelete({ keys: ["1", key] })), key).toMatchObject({
      code: "InvalidArgument",
      fields: ["keys"],
    });
  }
  const many = Array.from({ length: 10_001 }, (_, index) => index + 1);
  expect(await refusal(mesh.minizon.cacheDelete({ keys: many.map(String) }))).toMatchObject({
    fields: ["keys"],
  });
  expect(await refusal(mesh.admin.dropCachedProducts({ skus: many }))).toMatchObject({ fields: ["skus"] });
  await expectUnchanged();
});

it("malformed JSON, unknown fields and wrong types are INVALID_ARGUMENT over Connect", async () => {
  const bodies = [
    "{",
    '{"userId": "1", "discount": 5}',
    '{"userId": "one"}',
    '{"userId": "1", "quantity": -1}',
    "[]",
  ];
  for (const body of bodies) {
    const response = await fetch(
      `http://${mesh.checkoutAddress}/ordermesh.checkout.v1.CheckoutService/AddToCart`,
      { method: "POST", headers: { "content-type": "application/json" }, body },
    );
    expect([response.status, ((await response.json()) as { code: string }).code], body).toEqual([
      400,
      "invalid_argument",
    ]);
  }
  await expectUnchanged();
});
