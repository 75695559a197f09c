import type { Call } from "@ordermesh/rpc/call";
import { LRUCache } from "lru-cache";
import { Counter, Gauge, type Registry } from "prom-client";
import type { CatalogueProduct } from "./domain/cart.ts";
import type { LookUp } from "./upstream/catalogue.ts";

/** What the catalogue says about SKUs, at most one TTL ago. */
export interface ProductCache {
  /** SKUs that are not in the catalogue are left out of the map. */
  find(skus: readonly number[], call: Call): Promise<ReadonlyMap<number, CatalogueProduct>>;
  /**
   * Forgets SKUs, also those that are being looked up: the next call asks the catalogue.
   *
   * @param skus "all" forgets everything.
   * @returns how many products were forgotten.
   */
  drop(skus: readonly number[] | "all"): number;
}

type SharedLookUp = Promise<ReadonlyMap<number, CatalogueProduct>>;

/**
 * Makes the cache of one process. Only products are remembered, never that one is missing: what was added to the
 * catalogue a moment ago can be had at once.
 *
 * @param options.lookUpSkusMax the most SKUs that go into one look-up.
 * @param options.now milliseconds, of a clock that does not jump.
 */
export function createProductCache(options: {
  readonly lookUp: LookUp;
  readonly lookUpSkusMax: number;
  readonly sizeMax: number;
  readonly ttlMs: number;
  readonly metrics: Registry;
  readonly now?: () => number;
}): ProductCache {
  const { lookUp, lookUpSkusMax, sizeMax, ttlMs, now = () => performance.now() } = options;
  const products = new LRUCache<number, CatalogueProduct>({
    max: sizeMax,
    ttl: ttlMs,
    ttlResolution: 0,
    perf: { now },
  });
  const underWay = new Map<number, SharedLookUp>();
  const counters = createCounters(options.metrics, products);

  /** Asks the catalogue, and lets others who want one of these SKUs wait for the same answer. */
  function startLookUp(skus: readonly number[], call: Call): SharedLookUp {
    const isCurrent = (sku: number) => underWay.get(sku) === shared;
    const shared: SharedLookUp = lookUp(skus, call)
      .then((found) => {
        for (const product of found) {
          // Not if it was dropped meanwhile: the answer may be older than what the dropping was for.
          if (isCurrent(product.sku)) {
            products.set(product.sku, product);
          }
        }
        return new Map(found.map((product) => [product.sku, product]));
      })
      .finally(() => {
        for (const sku of skus.filter(isCurrent)) {
          underWay.delete(sku);
        }
      });
    // Whoever waits for it gets the error; it must not count as unhandled when they all have given up.
    shared.catch(() => {});
    for (const sku of skus) {
      underWay.set(sku, shared);
    }
    return shared;
  }

  return {
    async find(skus, call) {
      const found = new Map<number, CatalogueProduct>();
      const lookUps = new Set<SharedLookUp>();
      const missing: number[] = [];
      const asked = new Set(skus);
      for (const sku of asked) {
        const product = products.get(sku);
        const shared = underWay.get(sku);
        if (product !== undefined) {
          found.set(sku, product);
        } else if (shared !== undefined) {
          lookUps.add(shared);
        } else {
          missing.push(sku);
        }
      }
      counters.hits.inc(found.size);
      counters.misses.inc(asked.size - found.size);
      for (let start = 0; start < missing.length; start += lookUpSkusMax) {
        lookUps.add(startLookUp(missing.slice(start, start + lookUpSkusMax), call));
      }
      for (const answer of await Promise.all(lookUps)) {
        for (const [sku, product] of answer) {
          if (asked.has(sku)) {
            found.set(sku, product);
          }
        }
      }
      return found;
    },

    drop(skus) {
      if (skus === "all") {
        const { size } = products;
        products.clear();
        underWay.clear();
        return size;
      }
      for (const sku of skus) {
        underWay.delete(sku);
      }
      return skus.filter((sku) => products.delete(sku)).length;
    },
  };
}

function createCounters(metrics: Registry, products: LRUCache<number, CatalogueProduct>) {
  new Gauge({
    name: "ordermesh_product_cache_size",
    help: "Products that are remembered, those included whose time is over but which nobody asked for since.",
    registers: [metrics],
    collect() {
      this.set(products.size);
    },
  });
  return {
    hits: new Counter({
      name: "ordermesh_product_cache_hits_total",
      help: "SKUs that were wanted and found in the cache.",
      registers: [metrics],
    }),
    misses: new Counter({
      name: "ordermesh_product_cache_misses_total",
      help: "SKUs that were wanted and not in the cache, whether looked up or already being looked up.",
      registers: [metrics],
    }),
  };
}
