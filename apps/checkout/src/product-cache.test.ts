import { Failure } from "@ordermesh/failure/failure";
import type { Call } from "@ordermesh/rpc/call";
import { Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import type { CatalogueProduct } from "./domain/cart.ts";
import { createProductCache } from "./product-cache.ts";

const call: Call = {
  traceparent: "",
  traceId: "",
  signal: new AbortController().signal,
  aborted: false,
  remainingMs: () => 1_000,
  peerAddress: () => "",
  principal: { kind: "anonymous" },
  limitedToUserId: undefined,
};

function product(sku: number, amountMinor = 100n): CatalogueProduct {
  return { sku, name: `Product ${sku}`, price: { currencyCode: "EUR", amountMinor }, isMenuItem: false };
}

/** A cache over a catalogue whose answers the test gives when it likes. */
function openCache(options: { sizeMax?: number; ttlMs?: number; lookUpSkusMax?: number } = {}) {
  const catalogue = new Map<number, CatalogueProduct>();
  const asked: number[][] = [];
  const clock = { nowMs: 1_000 };
  const gate = { open: Promise.resolve(), refusal: undefined as Error | undefined };
  const metrics = new Registry();
  const cache = createProductCache({
    async lookUp(skus) {
      asked.push([...skus]);
      const answer = skus.flatMap((sku) => catalogue.get(sku) ?? []);
      await gate.open;
      if (gate.refusal !== undefined) {
        throw gate.refusal;
      }
      return answer;
    },
    lookUpSkusMax: options.lookUpSkusMax ?? 500,
    sizeMax: options.sizeMax ?? 100,
    ttlMs: options.ttlMs ?? 60_000,
    metrics,
    now: () => clock.nowMs,
  });
  const metric = async (name: string) =>
    Number((await metrics.getSingleMetric(name)?.get())?.values[0]?.value);
  const figures = async () => ({
    hits: await metric("ordermesh_product_cache_hits_total"),
    misses: await metric("ordermesh_product_cache_misses_total"),
    size: await metric("ordermesh_product_cache_size"),
  });
  return { cache, catalogue, asked, clock, gate, figures };
}

/** A gate that the test opens. */
function closedGate(): { open: Promise<void>; release: () => void } {
  let release = () => {};
  const open = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { open, release };
}

describe("createProductCache", () => {
  it("asks once and then remembers, and counts hits and misses", async () => {
    const { cache, catalogue, asked, figures } = openCache();
    catalogue.set(1, product(1)).set(2, product(2));
    expect([...(await cache.find([1, 2], call)).keys()]).toEqual([1, 2]);
    expect((await cache.find([2, 1, 2], call)).get(2)).toEqual(product(2));
    expect(asked).toEqual([[1, 2]]);
    expect(await figures()).toEqual({ hits: 2, misses: 2, size: 2 });
  });

  it("asks again when the time is over, not before", async () => {
    const { cache, catalogue, asked, clock } = openCache({ ttlMs: 60_000 });
    catalogue.set(1, product(1, 100n));
    await cache.find([1], call);
    catalogue.set(1, product(1, 200n));
    clock.nowMs += 60_000;
    expect((await cache.find([1], call)).get(1)?.price.amountMinor).toBe(100n);
    clock.nowMs += 1;
    expect((await cache.find([1], call)).get(1)?.price.amountMinor).toBe(200n);
    expect(asked).toHaveLength(2);
  });

  it("never remembers that a product is missing", async () => {
    const { cache, catalogue, asked } = openCache();
    expect((await cache.find([1], call)).size).toBe(0);
    catalogue.set(1, product(1));
    expect((await cache.find([1], call)).size).toBe(1);
    expect(asked).toEqual([[1], [1]]);
  });

  it("stays within its size, and forgets what was used longest ago", async () => {
    const { cache, catalogue, asked, figures } = openCache({ sizeMax: 3 });
    for (let sku = 1; sku <= 4; sku += 1) {
      catalogue.set(sku, product(sku));
      await cache.find([1, sku], call);
    }
    expect((await figures()).size).toBe(3);
    asked.length = 0;
    await cache.find([1, 2, 3, 4], call);
    expect(asked).toEqual([[2]]);
    // A look-up for more than fits is answered in full all the same.
    const { cache: tiny, catalogue: full } = openCache({ sizeMax: 2 });
    for (let sku = 1; sku <= 50; sku += 1) {
      full.set(sku, product(sku));
    }
    expect((await tiny.find([...full.keys()], call)).size).toBe(50);
  });

  it("splits what is missing into look-ups of the largest size", async () => {
    const { cache, catalogue, asked } = openCache({ lookUpSkusMax: 3 });
    for (let sku = 1; sku <= 8; sku += 1) {
      catalogue.set(sku, product(sku));
    }
    await cache.find([5], call);
    expect((await cache.find([1, 2, 3, 4, 5, 6, 7, 8], call)).size).toBe(8);
    expect(asked).toEqual([[5], [1, 2, 3], [4, 6, 7], [8]]);
  });

  it("lets callers who want the same SKU at the same time share one look-up", async () => {
    const { cache, catalogue, asked, gate } = openCache();
    catalogue.set(1, product(1)).set(2, product(2)).set(3, product(3));
    const { open, release } = closedGate();
    gate.open = open;
    const finds = [cache.find([1, 2], call), cache.find([2, 3], call), cache.find([1, 3], call)];
    release();
    const found = await Promise.all(finds);
    expect(asked).toEqual([[1, 2], [3]]);
    expect(found.map((products) => [...products.keys()].sort())).toEqual([
      [1, 2],
      [2, 3],
      [1, 3],
    ]);
  });

  it("forgets a failed look-up, and tells all who waited for it", async () => {
    const { cache, catalogue, gate } = openCache();
    catalogue.set(1, product(1));
    gate.refusal = new Failure("unavailable", "away", { reason: "AWAY" });
    const finds = await Promise.allSettled([cache.find([1], call), cache.find([1], call)]);
    expect(finds.map((find) => find.status)).toEqual(["rejected", "rejected"]);
    gate.refusal = undefined;
    expect((await cache.find([1], call)).size).toBe(1);
  });

  it("drops one SKU or all, and does not remember an answer that was under way", async () => {
    const { cache, catalogue, asked, gate, figures } = openCache();
    catalogue.set(1, product(1, 100n)).set(2, product(2, 100n));
    await cache.find([1, 2], call);
    expect(cache.drop([1, 1, 7])).toBe(1);
    expect(cache.drop("all")).toBe(1);
    expect((await figures()).size).toBe(0);

    for (const skus of [[1], "all"] as const) {
      catalogue.set(1, product(1, 100n));
      const { open, release } = closedGate();
      gate.open = open;
      const early = cache.find([1], call);
      catalogue.set(1, product(1, 200n));
      cache.drop(skus);
      const late = cache.find([1], call);
      release();
      expect((await early).get(1)?.price.amountMinor).toBe(100n);
      expect((await late).get(1)?.price.amountMinor).toBe(200n);
      expect((await cache.find([1], call)).get(1)?.price.amountMinor).toBe(200n);
      cache.drop("all");
    }
    expect(asked.length).toBe(5);
  });

  it("does not burden others with a caller who was refused for its own deadline", async () => {
    const refused = new Failure("resource_exhausted", "too many", { reason: "UPSTREAM_RATE_LIMIT" });
    const cache = createProductCache({
      lookUp(skus, { remainingMs }) {
        if (remainingMs() < 100) {
          throw refused;
        }
        return Promise.resolve(skus.map((sku) => product(sku)));
      },
      lookUpSkusMax: 500,
      sizeMax: 10,
      ttlMs: 1_000,
      metrics: new Registry(),
    });
    const finds = [cache.find([1], { ...call, remainingMs: () => 50 }), cache.find([1], call)];
    const [hasty, patient] = await Promise.allSettled(finds);
    expect(hasty).toMatchObject({ status: "rejected", reason: refused });
    expect(patient?.status).toBe("fulfilled");
  });
});
