import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { pause } from "@ordermesh/process/wait";
import { ProductKind, ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import type { Call } from "@ordermesh/rpc/call";
import { upstreamFailure } from "@ordermesh/rpc/upstream-failure";
import type { CatalogueProduct } from "../domain/cart.ts";
import type { RateLimit } from "./rate-limit.ts";

export const catalogueServices = [ProductService] as const;

/** The most SKUs of one look-up. */
export const lookUpSkusMax = 500;

/**
 * Looks products up in the catalogue; SKUs that are not in it are left out. A function of its own kind: it throws at
 * once, and does not reject, when the rate limit leaves no room within the deadline of the call.
 */
export type LookUp = (skus: readonly number[], call: Call) => Promise<readonly CatalogueProduct[]>;

/**
 * @param options.timeoutMs how long the catalogue may take. Not the deadline of the call, because other calls with
 * later ones may wait for the same answer.
 */
export function createLookUp(options: {
  readonly transport: Transport;
  readonly rateLimit: RateLimit;
  readonly timeoutMs: number;
}): LookUp {
  const { rateLimit, timeoutMs } = options;
  const products: Client<typeof ProductService> = createClient(ProductService, options.transport);

  async function batchGet(
    skus: readonly number[],
    delayMs: number,
    traceparent: string,
  ): Promise<CatalogueProduct[]> {
    if (delayMs > 0) {
      await pause(delayMs);
    }
    try {
      const response = await products.batchGetProducts(
        { skus: [...skus] },
        { headers: { traceparent }, timeoutMs },
      );
      return response.products.flatMap(({ sku, name, price, kind }) =>
        price === undefined
          ? []
          : [
              {
                sku,
                name,
                price: { currencyCode: price.currencyCode, amountMinor: price.amountMinor },
                isMenuItem: kind === ProductKind.MENU_ITEM,
              },
            ],
      );
    } catch (error) {
      throw upstreamFailure("ProductService", error);
    }
  }

  return (skus, call) => batchGet(skus, rateLimit.take(call.remainingMs()), call.traceparent);
}
