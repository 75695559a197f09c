import type { Database } from "@ordermesh/postgres/database";
import { ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { type BoundService, bindService } from "@ordermesh/rpc/bound-service";
import { decodePageToken, encodePageToken, malformed } from "@ordermesh/rpc/page-token";
import {
  batchGetProducts,
  getProduct,
  listProducts,
  listSkus,
  upsertProduct,
  upsertProducts,
} from "../catalogue.ts";
import { draftOf, productMessage } from "./messages.ts";

const pageSizeDefault = 50;

export function bindProductService(database: Database): BoundService {
  return bindService(ProductService, {
    async getProduct({ sku }) {
      return { product: productMessage(await database.read((db) => getProduct(db, sku))) };
    },

    async batchGetProducts({ skus }) {
      const { products, missingSkus } = await database.read((db) => batchGetProducts(db, skus));
      return { products: products.map(productMessage), missingSkus: [...missingSkus] };
    },

    async listSkus({ startAfterSku, count }) {
      return { skus: await database.read((db) => listSkus(db, startAfterSku, count)) };
    },

    async listProducts({ query, pageSize, pageToken }) {
      const afterSku = skuOf(decodePageToken(pageToken, { query }, 1));
      const page = await database.read((db) =>
        listProducts(db, query, afterSku, pageSize || pageSizeDefault),
      );
      return {
        products: page.products.map(productMessage),
        nextPageToken:
          page.nextAfterSku === undefined ? "" : encodePageToken([`${page.nextAfterSku}`], { query }),
      };
    },

    async upsertProduct({ product }) {
      if (product === undefined) {
        throw new Error("The request came without a product, which validation should have refused.");
      }
      const draft = draftOf(product);
      return { product: productMessage(await database.transaction((tx) => upsertProduct(tx, draft))) };
    },

    async batchUpsertProducts({ products }) {
      const drafts = products.map(draftOf);
      const upserted = await database.transaction((tx) => upsertProducts(tx, drafts));
      return { upserted: upserted.length };
    },
  });
}

function skuOf(position: readonly string[] | undefined): number {
  const [text = "0"] = position ?? [];
  if (!/^\d{1,10}$/.test(text)) {
    throw malformed("is malformed");
  }
  return Number(text);
}
