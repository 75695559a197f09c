import { createHash, timingSafeEqual } from "node:crypto";
import { Failure } from "@ordermesh/failure/failure";
import type { Database } from "@ordermesh/postgres/database";
import { ProductService } from "@ordermesh/proto/route256/product/product_pb";
import { type BoundService, bindService } from "@ordermesh/rpc/bound-service";
import { getProduct, listSkus, skusPerCallMax } from "../catalogue.ts";
import type { Product } from "../domain/product.ts";

const uint32Max = 4_294_967_295n;

/**
 * The contract of the product service that miniZON called, over the same operations. Its messages carry no rules that
 * the validation interceptor could check, and its price has no currency: it is the amount in minor units.
 *
 * @param options.token what every call must carry.
 */
export function bindMinizonProduct(options: {
  readonly database: Database;
  readonly token: string;
}): BoundService {
  const { database } = options;
  const expected = digestOf(options.token);

  function authenticate(token: string): void {
    // Digests have one length, and comparing them takes one time whatever is wrong.
    if (!timingSafeEqual(digestOf(token), expected)) {
      throw new Failure("unauthenticated", "The token is wrong.", { reason: "WRONG_TOKEN" });
    }
  }

  return bindService(ProductService, {
    async getProduct({ token, sku }) {
      authenticate(token);
      check("sku", sku > 0, "must be greater than 0");
      const product = await database.read((db) => getProduct(db, sku));
      return { name: product.name, price: priceOf(product) };
    },

    async listSkus({ token, startAfterSku, count }) {
      authenticate(token);
      check("count", count <= skusPerCallMax, `must be at most ${skusPerCallMax}`);
      return { skus: await database.read((db) => listSkus(db, startAfterSku, count)) };
    },
  });
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

function priceOf({ sku, price }: Product): number {
  if (price.amountMinor > uint32Max) {
    const description = `its price of ${price.amountMinor} minor units does not fit the 32 bits of this contract`;
    throw new Failure("failed_precondition", `SKU ${sku}: ${description}. Use ordermesh.product.v1.`, {
      reason: "PRICE_OUT_OF_RANGE",
      metadata: { sku: `${sku}` },
      preconditionViolations: [{ type: "PRICE_OUT_OF_RANGE", subject: `sku/${sku}`, description }],
    });
  }
  return Number(price.amountMinor);
}

function check(field: string, holds: boolean, description: string): void {
  if (!holds) {
    throw new Failure("invalid_argument", `${field}: ${description}.`, {
      reason: "INVALID_REQUEST",
      fieldViolations: [{ field, description }],
    });
  }
}
