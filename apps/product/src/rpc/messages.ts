import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  ProductKind as ProductKindMessage,
  type Product as ProductMessage,
  ProductSchema,
} from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { MoneySchema } from "@ordermesh/proto/ordermesh/type/v1/money_pb";
import { type Product, type ProductDraft, type ProductKind, productKinds } from "../domain/product.ts";

const kindMessages: Readonly<Record<ProductKind, ProductKindMessage>> = {
  physical: ProductKindMessage.PHYSICAL,
  menu_item: ProductKindMessage.MENU_ITEM,
  service: ProductKindMessage.SERVICE,
};

export function productMessage({ sku, name, price, kind, locationId, updatedAt }: Product): ProductMessage {
  return create(ProductSchema, {
    sku,
    name,
    price: create(MoneySchema, price),
    kind: kindMessages[kind],
    locationId: locationId ?? 0n,
    updatedTime: timestampFromDate(updatedAt),
  });
}

/** Validation has seen to it that price and kind are there. */
export function draftOf({ sku, name, price, kind, locationId }: ProductMessage): ProductDraft {
  const kindOf = productKinds.find((candidate) => kindMessages[candidate] === kind);
  if (price === undefined || kindOf === undefined) {
    throw new Error(`Product ${sku} came without price or kind, which validation should have refused.`);
  }
  return {
    sku,
    name,
    price: { currencyCode: price.currencyCode, amountMinor: price.amountMinor },
    kind: kindOf,
    locationId: locationId === 0n ? undefined : locationId,
  };
}
