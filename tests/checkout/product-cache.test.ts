import { ProductKind } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CheckoutMesh, startCheckoutMesh } from "./checkout-mesh.ts";

let mesh: CheckoutMesh;
let lastUser = 0n;

beforeAll(async () => {
  mesh = await startCheckoutMesh({ CACHE_SIZE_MAX: "800" });
  await mesh.productSql`insert into products (sku, name, currency_code, price_minor, kind, updated_at)
    select sku, 'Product ' || sku, 'EUR', 100, 'physical', now() from generate_series(1, 3000) sku`;
});

afterAll(async () => {
  await mesh?.stop();
});

/** A cart with the SKUs of a range, both ends included. */
async function cartOf(first: number, last: number): Promise<bigint> {
  lastUser += 1n;
  await mesh.checkoutSql`insert into carts (user_id, version) values (${`${lastUser}`}, 1)`;
  await mesh.checkoutSql`insert into cart_lines (user_id, sku, quantity)
    select ${`${lastUser}`}, sku, 1 from generate_series(${first}::int, ${last}::int) sku`;
  return lastUser;
}

async function setPrice(sku: number, amountMinor: bigint): Promise<void> {
  await mesh.products.upsertProduct({
    product: {
      sku,
      name: `Product ${sku}`,
      price: { currencyCode: "EUR", amountMinor },
      kind: ProductKind.PHYSICAL,
    },
  });
}

async function figures() {
  const [calls, hits, misses, size] = await Promise.all([
    mesh.upstreamCalls(),
    mesh.metric("ordermesh_product_cache_hits_total"),
    mesh.metric("ordermesh_product_cache_misses_total"),
    mesh.metric("ordermesh_product_cache_size"),
  ]);
  return { calls: calls.BatchGetProducts ?? 0, hits, misses, size };
}

/** What the figures have grown by, but for the size, while `work` ran. */
async function growth(work: () => Promise<unknown>) {
  const before = await figures();
  await work();
  const after = await figures();
  return {
    calls: after.calls - before.calls,
    hits: after.hits - before.hits,
    misses: after.misses - before.misses,
    size: after.size,
  };
}

describe("ListCart", () => {
  it("asks the catalogue once for every 500 products that it does not know", async () => {
    const small = await cartOf(1, 10);
    const list = (userId: bigint) => () => mesh.checkout.listCart({ userId });
    expect(await growth(list(small))).toEqual({ calls: 1, hits: 0, misses: 10, size: 10 });
    expect(await growth(list(small))).toEqual({ calls: 0, hits: 10, misses: 0, size: 10 });
    const another = await cartOf(6, 15);
    expect(await growth(list(another))).toEqual({ calls: 1, hits: 5, misses: 5, size: 15 });
    const large = await cartOf(1001, 2000);
    expect(await growth(list(large))).toEqual({ calls: 2, hits: 0, misses: 1_000, size: 800 });
    expect((await mesh.checkout.listCart({ userId: large })).total?.amountMinor).toBe(100_000n);
  });

  it("shares a look-up among callers who come at the same time", async () => {
    const userId = await cartOf(2_001, 2_050);
    const { calls, hits, misses } = await growth(() =>
      Promise.all(Array.from({ length: 30 }, () => mesh.checkout.listCart({ userId }))),
    );
    expect(hits + misses).toBe(30 * 50);
    // One, unless a caller was so late that it found all of it in the cache.
    expect(calls).toBe(1);
  });

  it("does not remember that a product is missing", async () => {
    const userId = await cartOf(4_001, 4_001);
    expect((await mesh.checkout.listCart({ userId })).lines[0]?.unavailable).toBe(true);
    await setPrice(4_001, 55n);
    expect((await mesh.checkout.listCart({ userId })).lines[0]).toMatchObject({
      unavailable: false,
      price: { amountMinor: 55n },
    });
  });
});

describe("A price that has changed", () => {
  it("is seen once the cached one is dropped, by SKU, by miniZON's key, or altogether", async () => {
    const userId = await cartOf(2_101, 2_102);
    const prices = async () =>
      (await mesh.checkout.listCart({ userId })).lines.map(({ price }) => Number(price?.amountMinor));
    expect(await prices()).toEqual([100, 100]);
    await setPrice(2_101, 1n);
    await setPrice(2_102, 2n);
    expect(await prices()).toEqual([100, 100]);

    expect((await mesh.admin.dropCachedProducts({ skus: [2_101, 999_999] })).dropped).toBe(1);
    expect(await prices()).toEqual([1, 100]);
    await mesh.minizon.cacheDelete({ keys: [] });
    expect(await prices()).toEqual([1, 100]);
    await mesh.minizon.cacheDelete({ keys: ["2102"] });
    expect(await prices()).toEqual([1, 2]);

    await setPrice(2_101, 3n);
    expect((await mesh.admin.dropCachedProducts({})).dropped).toBeGreaterThan(0);
    expect(await mesh.metric("ordermesh_product_cache_size")).toBe(0);
    expect(await prices()).toEqual([3, 2]);
  });

  it("is seen when the cache's time is over", async () => {
    const brief = await startCheckoutMesh({ CACHE_TTL_MS: "50" });
    try {
      await brief.stockProduct(1, 100n, 10);
      await brief.checkout.addToCart({ userId: 1n, sku: 1, quantity: 1 });
      expect((await brief.checkout.listCart({ userId: 1n })).total?.amountMinor).toBe(100n);
      await brief.productSql`update products set price_minor = 200`;
      await eventually(async () => {
        expect((await brief.checkout.listCart({ userId: 1n })).total?.amountMinor).toBe(200n);
      });
    } finally {
      await brief.stop();
    }
  });
});
