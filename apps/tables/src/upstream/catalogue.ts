import type { Client } from "@connectrpc/connect";
import {
  type Product,
  ProductKind,
  type ProductService,
} from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import type { Call } from "@ordermesh/rpc/call";
import { upstreamFailure } from "@ordermesh/rpc/upstream-failure";
import type { MenuFilter, MenuItem } from "../domain/menu.ts";

/** What of a call goes on with the calls that are made for it. */
export type CallContext = Pick<Call, "traceparent" | "remainingMs">;

/** Menus, as the catalogue keeps them. Nothing is remembered: an order has the price of its moment. */
export interface Catalogue {
  /** Those of the SKUs that are on the location's menu, also what is sold out, by SKU. Up to 500 SKUs. */
  findMenuItems(
    skus: readonly number[],
    locationId: bigint,
    call: CallContext,
  ): Promise<ReadonlyMap<number, MenuItem>>;
  /** A whole menu as far as it fits the filter, in the order of the SKUs. */
  listMenu(locationId: bigint, filter: MenuFilter, call: CallContext): Promise<MenuItem[]>;
  /** The menu item with this SKU, also if it was taken off the menu; undefined if it is not of this location. */
  findItem(sku: number, locationId: bigint, call: CallContext): Promise<MenuItem | undefined>;
  /** Whether anything at all has this SKU. */
  isTaken(sku: number, call: CallContext): Promise<boolean>;
  /**
   * Adds an item or replaces it.
   *
   * @throws Failure `already_exists` if another item on the menu has the name; `failed_precondition` with reason
   * SKU_OF_ANOTHER_PRODUCT if the SKU is not a menu item of this location.
   */
  putItem(
    locationId: bigint,
    item: MenuItem,
    state: { readonly isOffMenu: boolean },
    call: CallContext,
  ): Promise<MenuItem>;
}

/** What a menu may hold. The catalogue is asked for pages of it, and this bounds how many. */
export const menuItemsMax = 1_000;

const pageSize = 500;

export function createCatalogue(products: Client<typeof ProductService>): Catalogue {
  async function findProducts(skus: readonly number[], call: CallContext): Promise<Product[]> {
    if (skus.length === 0) {
      return [];
    }
    const request = { skus: [...skus] };
    return (await products.batchGetProducts(request, callOptions(call)).catch(throwFailure)).products;
  }

  return {
    async findMenuItems(skus, locationId, call) {
      const found = await findProducts(skus, call);
      const onMenu = found.filter((product) => isOf(locationId, product) && !product.menu?.isOffMenu);
      return new Map(onMenu.map((product) => [product.sku, menuItemOf(product)]));
    },

    async listMenu(locationId, { name, category, tag, additive }, call) {
      const items: MenuItem[] = [];
      for (let pageToken = ""; ; ) {
        const request = { locationId, menuName: name, category, tag, additive, pageSize, pageToken };
        const page = await products.listProducts(request, callOptions(call)).catch(throwFailure);
        items.push(...page.products.map(menuItemOf));
        pageToken = page.nextPageToken;
        if (pageToken === "" || items.length >= 2 * menuItemsMax) {
          return items;
        }
      }
    },

    async findItem(sku, locationId, call) {
      const [product] = await findProducts([sku], call);
      return product !== undefined && isOf(locationId, product) ? menuItemOf(product) : undefined;
    },

    async isTaken(sku, call) {
      return (await findProducts([sku], call)).length > 0;
    },

    async putItem(
      locationId,
      { sku, name, price, description, categories, tags, additives, isSoldOut },
      state,
      call,
    ) {
      const menu = {
        description,
        categories: [...categories],
        tags: [...tags],
        additives: [...additives],
        isSoldOut,
        isOffMenu: state.isOffMenu,
      };
      const product = { sku, name, price, kind: ProductKind.MENU_ITEM, locationId, menu };
      const response = await products.upsertProduct({ product }, callOptions(call)).catch(throwFailure);
      if (response.product === undefined) {
        throw new Error(`The catalogue took menu item ${sku} and did not tell of it.`);
      }
      return menuItemOf(response.product);
    },
  };
}

function isOf(locationId: bigint, product: Product): boolean {
  return product.kind === ProductKind.MENU_ITEM && product.locationId === locationId;
}

function menuItemOf({ sku, name, price, menu }: Product): MenuItem {
  return {
    sku,
    name,
    description: menu?.description ?? "",
    price: { currencyCode: price?.currencyCode ?? "", amountMinor: price?.amountMinor ?? 0n },
    categories: menu?.categories ?? [],
    tags: menu?.tags ?? [],
    additives: menu?.additives ?? [],
    isSoldOut: menu?.isSoldOut ?? false,
  };
}

function callOptions({ traceparent, remainingMs }: CallContext) {
  const timeoutMs = remainingMs();
  return {
    headers: { traceparent },
    ...(Number.isFinite(timeoutMs) && { timeoutMs: Math.max(1, timeoutMs) }),
  };
}

function throwFailure(error: unknown): never {
  throw upstreamFailure("ProductService", error);
}
