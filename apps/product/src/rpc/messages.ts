import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type MenuDetails as MenuDetailsMessage,
  ProductKind as ProductKindMessage,
  type Product as ProductMessage,
  ProductSchema,
} from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { MoneySchema } from "@ordermesh/proto/ordermesh/type/v1/money_pb";
import {
  type MenuDetails,
  type Product,
  type ProductDraft,
  type ProductKind,
  productKinds,
} from "../domain/product.ts";

const kindMessages: Readonly<Record<ProductKind, ProductKindMessage>> = {
  physical: ProductKindMessage.PHYSICAL,
  menu_item: ProductKindMessage.MENU_ITEM,
  service: ProductKindMessage.SERVICE,
};

export function productMessage({
  price,
  kind,
  locationId,
  menu,
  updatedAt,
  ...same
}: Product): ProductMessage {
  return create(ProductSchema, {
    ...same,
    price: create(MoneySchema, price),
    kind: kindMessages[kind],
    locationId: locationId ?? 0n,
    updatedTime: timestampFromDate(updatedAt),
    ...(menu !== undefined && {
      menu: {
        ...menu,
        categories: [...menu.categories],
        tags: [...menu.tags],
        additives: [...menu.additives],
      },
    }),
  });
}

/** Undefined for UNSPECIFIED. */
export function kindOf(kind: ProductKindMessage): ProductKind | undefined {
  return productKinds.find((candidate) => kindMessages[candidate] === kind);
}

/** Validation has seen to it that price and kind are there. */
export function draftOf({ sku, name, price, kind, locationId, menu }: ProductMessage): ProductDraft {
  const draftKind = kindOf(kind);
  if (price === undefined || draftKind === undefined) {
    throw new Error(`Product ${sku} came without price or kind, which validation should have refused.`);
  }
  return {
    sku,
    name,
    price: { currencyCode: price.currencyCode, amountMinor: price.amountMinor },
    kind: draftKind,
    locationId: locationId === 0n ? undefined : locationId,
    menu: menu && detailsOf(menu),
  };
}

function detailsOf(menu: MenuDetailsMessage): MenuDetails {
  const { description, categories, tags, additives, isSoldOut, isOffMenu } = menu;
  return { description, categories, tags, additives, isSoldOut, isOffMenu };
}
