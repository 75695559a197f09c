import { Failure } from "@ordermesh/failure/failure";
import { type Product, ProductKind } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import type { GatewayRoute } from "../../exchange.ts";
import type { Route } from "../../rest/route-table.ts";
import type { CompatCalls, CompatRoute } from "./compat-route.ts";
import { idOf, objectInBody, objectOf } from "./json-input.ts";
import { findLocation, type OrderedOnlineParts } from "./parts.ts";
import { menuItemOf, productShape } from "./product-shape.ts";
import { idInPath, idInQuery } from "./query-input.ts";
import {
  asPart,
  erroneousValue,
  incorrectCredentials,
  malformedJson,
  productNotFound,
  Refusal,
} from "./reasons.ts";
import { type CompatUser, verifyUser } from "./users.ts";

const productsMax = 1_000;
const pageSize = 500;
const maxSku = 2n ** 32n - 1n;

const refusals = {
  invalid_argument: malformedJson,
  already_exists: (cause: unknown) => new Refusal(400, "duplicate_product", cause),
  not_found: incorrectCredentials,
  permission_denied: incorrectCredentials,
  unauthenticated: incorrectCredentials,
};

/** The routes of ordered-online's products service: what is on the menus. */
export function productRoutes(route: CompatRoute, parts: OrderedOnlineParts): Route<GatewayRoute>[] {
  return [
    ...route("GET", "/products/find/", async ({ query }, calls) => {
      const locationId = idInQuery(query, "location_id");
      return await asPart("products", { invalid_argument: erroneousValue }, async () => {
        const filter = await filterOf(parts, calls, query);
        const found = await listMenuItems(parts, calls, { ...filter, ...(locationId && { locationId }) });
        return found.map(productShape);
      });
    }),

    ...route("GET", "/products/get/{id}/", async ({ variables }, calls) =>
      productShape(await getMenuItem(parts, calls, variables.id)),
    ),

    ...route("POST", "/products/create/", async ({ body }, calls) => {
      const input = objectInBody(body);
      const user = await verifyUser(parts.keys, calls, input);
      const product = objectOf(input.product);
      const locationId = idOf(product.location_id);
      if (locationId === undefined) {
        throw malformedJson();
      }
      const currencyCode = await currencyOfOwn(parts, calls, user, locationId);
      const item = menuItemOf(product, currencyCode);
      return await write(parts, calls, user, { locationId, item });
    }),

    ...route("POST", "/products/edit/{id}/", async ({ variables, body }, calls) => {
      const before = await getMenuItem(parts, calls, variables.id);
      const input = objectInBody(body);
      const user = await verifyUser(parts.keys, calls, input);
      const currencyCode = await currencyOfOwn(parts, calls, user, before.locationId);
      const product = objectOf(input.product);
      // There a product could move to another location of its owner. Here orders keep it, and it stays.
      if (idOf(product.location_id) !== before.locationId) {
        throw malformedJson();
      }
      const item = menuItemOf(product, currencyCode, before);
      return await write(parts, calls, user, { locationId: before.locationId, item });
    }),
  ];
}

type MenuFilter = {
  locationId?: bigint;
  menuName?: string;
  category?: string;
  tag?: string;
  additive?: string;
};

/** A category, tag or additive that nothing has was ignored there. */
async function filterOf(
  parts: OrderedOnlineParts,
  calls: CompatCalls,
  query: URLSearchParams,
): Promise<MenuFilter> {
  const filter: MenuFilter = { menuName: query.get("name") ?? "" };
  for (const name of ["category", "tag", "additive"] as const) {
    const value = query.get(name) ?? "";
    if (value !== "" && (await listMenuItems(parts, calls, { [name]: value }, 1)).length > 0) {
      filter[name] = value;
    }
  }
  return filter;
}

async function listMenuItems(
  { products }: OrderedOnlineParts,
  calls: CompatCalls,
  filter: MenuFilter,
  max = productsMax,
): Promise<Product[]> {
  const found: Product[] = [];
  for (let pageToken = ""; ; ) {
    const page = await calls.call("product", undefined, (call) =>
      products.listProducts(
        { ...filter, kind: ProductKind.MENU_ITEM, pageSize: Math.min(pageSize, max), pageToken },
        call,
      ),
    );
    found.push(...page.products.filter(({ menu }) => menu?.isOffMenu !== true));
    pageToken = page.nextPageToken;
    if (pageToken === "" || found.length >= max) {
      return found.slice(0, max);
    }
  }
}

/** @throws Refusal `product_not_found`. */
async function getMenuItem(
  { products }: OrderedOnlineParts,
  calls: CompatCalls,
  id: string | undefined,
): Promise<Product> {
  const sku = idInPath(id, productNotFound);
  if (sku > maxSku) {
    throw productNotFound();
  }
  const { product } = await asPart("products", { not_found: productNotFound }, () =>
    calls.call("product", undefined, (call) => products.getProduct({ sku: Number(sku) }, call)),
  );
  if (product?.kind !== ProductKind.MENU_ITEM || product.menu?.isOffMenu === true) {
    throw productNotFound();
  }
  return product;
}

/** What a location's prices are in. @throws Refusal `incorrect_credentials` unless it is the user's. */
async function currencyOfOwn(
  parts: OrderedOnlineParts,
  calls: CompatCalls,
  { userId }: CompatUser,
  locationId: bigint,
): Promise<string> {
  const location = await findLocation(parts, calls, locationId);
  if (location?.ownerUserId !== userId) {
    throw incorrectCredentials();
  }
  return location.currencyCode;
}

async function write(
  parts: OrderedOnlineParts,
  calls: CompatCalls,
  user: CompatUser,
  request: { readonly locationId: bigint; readonly item: ReturnType<typeof menuItemOf> },
): Promise<object> {
  const staff = parts.staffOf(user);
  const { item } = await asPart("locations", refusals, () =>
    calls.call("tables", staff.authorization, (call) => staff.locations.upsertMenuItem(request, call)),
  );
  if (item === undefined) {
    throw new Failure("internal", "The menu item was written, and not told.", { reason: "NO_MENU_ITEM" });
  }
  return productShape(productOf(request.locationId, item));
}

/** As the catalogue has it. */
function productOf(
  locationId: bigint,
  { sku, name, price, ...menu }: ReturnType<typeof menuItemOf>,
): Product {
  const { description, categories, tags, additives } = menu;
  return { sku, locationId, name, price, menu: { description, categories, tags, additives } } as Product;
}
