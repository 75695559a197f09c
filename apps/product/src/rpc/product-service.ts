import type { Database } from "@ordermesh/postgres/database";
import { type ListProductsRequest, ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { type BoundService, bindService } from "@ordermesh/rpc/bound-service";
import { type Call, callOf } from "@ordermesh/rpc/call";
import { decodePageToken, encodePageToken, malformed } from "@ordermesh/rpc/page-token";
import {
  batchGetProducts,
  type Editor,
  getProduct,
  listProducts,
  listSkus,
  upsertProduct,
  upsertProducts,
} from "../catalogue.ts";
import type { ProductFilter } from "../sql/product-search.ts";
import { draftOf, kindOf, productMessage } from "./messages.ts";

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

    async listProducts({ pageSize, pageToken, ...request }) {
      const filter = filterOf(request);
      const query = pageQuery(filter);
      const afterSku = skuOf(decodePageToken(pageToken, query, 1));
      const page = await database.read((db) =>
        listProducts(db, filter, afterSku, pageSize || pageSizeDefault),
      );
      return {
        products: page.products.map(productMessage),
        nextPageToken:
          page.nextAfterSku === undefined ? "" : encodePageToken([`${page.nextAfterSku}`], query),
      };
    },

    async upsertProduct({ product }, context) {
      if (product === undefined) {
        throw new Error("The request came without a product, which validation should have refused.");
      }
      const upserted = await upsertProduct(database, editorOf(callOf(context)), draftOf(product));
      return { product: productMessage(upserted) };
    },

    async batchUpsertProducts({ products }, context) {
      const upserted = await upsertProducts(database, editorOf(callOf(context)), products.map(draftOf));
      return { upserted: upserted.length };
    },
  });
}

function filterOf(request: Omit<ListProductsRequest, "pageSize" | "pageToken">): ProductFilter {
  const { query, locationId, menuName, category, tag, additive, kind } = request;
  return {
    query,
    kind: kindOf(kind),
    locationId: locationId === 0n ? undefined : locationId,
    menuName,
    category,
    tag,
    additive,
  };
}

/** As it was before there were menus, where nothing of them is asked for: tokens of that time stay good. */
function pageQuery({ query, kind, locationId, menuName, category, tag, additive }: ProductFilter): object {
  const menu = [kind, locationId, menuName, category, tag, additive];
  return menu.every((part) => part === undefined || part === "") ? { query } : { query, menu };
}

function editorOf({ principal }: Call): Editor {
  const isUser = principal.kind === "user";
  return {
    mayEditMenus: !isUser || principal.roles.some((role) => role === "platform" || role === "operator"),
  };
}

function skuOf(position: readonly string[] | undefined): number {
  const [text = "0"] = position ?? [];
  if (!/^\d{1,10}$/.test(text)) {
    throw malformed("is malformed");
  }
  return Number(text);
}
