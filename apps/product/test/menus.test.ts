import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@ordermesh/proto/google/rpc/error_details_pb";
import {
  type ListProductsRequestSchema,
  type MenuDetailsSchema,
  ProductKind,
  type ProductSchema,
} from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { type FreshDatabase, freshDatabase } from "@ordermesh/testkit/fresh-database";
import { startTestIssuer, type TestIssuer } from "@ordermesh/testkit/test-issuer";
import postgres from "postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ProductUnderTest, startProductUnderTest } from "./product-under-test.ts";

type ProductInit = MessageInitShape<typeof ProductSchema>;

let database: FreshDatabase;
let service: ProductUnderTest;
let guarded: ProductUnderTest;
let issuer: TestIssuer;
let sql: postgres.Sql;

beforeAll(async () => {
  database = await freshDatabase();
  issuer = await startTestIssuer();
  service = await startProductUnderTest(database.url);
  await service.ready;
  guarded = await startProductUnderTest(database.url, issuer.environment("product"));
  await guarded.ready;
  sql = postgres(database.url, { max: 1, onnotice: () => {} });
});

afterAll(async () => {
  await sql?.end();
  await service?.stop();
  await guarded?.stop();
  await issuer?.close();
  await database?.drop();
});

beforeEach(async () => {
  await sql`truncate products`;
});

function dish(
  sku: number,
  name: string,
  locationId: bigint,
  menu: MessageInitShape<typeof MenuDetailsSchema> = {},
): ProductInit {
  const price = { currencyCode: "EUR", amountMinor: 850n };
  return { sku, name, price, kind: ProductKind.MENU_ITEM, locationId, menu };
}

function lamp(sku: number): ProductInit {
  return { sku, name: "Lamp", price: { currencyCode: "EUR", amountMinor: 1n }, kind: ProductKind.PHYSICAL };
}

async function put(...products: readonly ProductInit[]): Promise<void> {
  await service.products.batchUpsertProducts({ products: [...products] });
}

async function skus(request: MessageInitShape<typeof ListProductsRequestSchema>): Promise<number[]> {
  const found: number[] = [];
  let pageToken = "";
  do {
    const page = await service.products.listProducts({ ...request, pageToken });
    found.push(...page.products.map((product) => product.sku));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return found;
}

async function refusal(call: Promise<unknown>): Promise<{ code: Code; reason: string | undefined }> {
  const error = await call.then(
    () => expect.fail("the call should have been refused"),
    (reason: unknown) => ConnectError.from(reason),
  );
  return { code: error.code, reason: error.findDetails(ErrorInfoSchema)[0]?.reason };
}

const soup = {
  description: "With bread.\nOn Fridays with fish.",
  categories: ["Starters", "soups"],
  tags: ["Vegan"],
  additives: ["Gluten", "celery"],
  isSoldOut: true,
};

describe("a menu item", () => {
  it("keeps its details as they were written, and gives them with every answer", async () => {
    await put(dish(10, "Soup", 7n, soup));
    const expected = { ...soup, isOffMenu: false };
    expect((await service.products.getProduct({ sku: 10 })).product?.menu).toMatchObject(expected);
    const batch = await service.products.batchGetProducts({ skus: [10] });
    expect(batch.products[0]?.menu).toMatchObject(expected);
    const page = await service.products.listProducts({ locationId: 7n });
    expect(page.products[0]?.menu).toMatchObject(expected);
  });

  it("replaced without details loses them; goods have none and take none", async () => {
    await put(dish(10, "Soup", 7n, soup));
    const { product } = await service.products.upsertProduct({
      product: { ...dish(10, "Soup", 7n), menu: undefined },
    });
    expect(product?.menu).toMatchObject({ description: "", categories: [], isSoldOut: false });
    expect(await refusal(put({ ...lamp(11), menu: { description: "x" } } as ProductInit))).toMatchObject({
      code: Code.InvalidArgument,
    });
    await put(lamp(11));
    expect((await service.products.getProduct({ sku: 11 })).product?.menu).toBeUndefined();
  });

  it("has a name of its own on its menu, in any case, and lends it while it is off the menu", async () => {
    await put(dish(10, "Tomato  Soup", 7n), dish(11, "Tomato soup", 8n));
    const taken = { code: Code.AlreadyExists, reason: "MENU_ITEM_NAME_TAKEN" };
    expect(await refusal(put(dish(12, "tomato SOUP", 7n)))).toEqual(taken);
    await put(dish(10, "Tomato  Soup", 7n, { isOffMenu: true }));
    await put(dish(12, "tomato SOUP", 7n));
    expect(await refusal(put(dish(10, "Tomato Soup", 7n)))).toEqual(taken);
    expect(await skus({ locationId: 7n })).toEqual([12]);
    expect((await service.products.getProduct({ sku: 10 })).product?.menu?.isOffMenu).toBe(true);
  });

  it("stays one of its location, and goods never become one", async () => {
    await put(dish(10, "Soup", 7n), lamp(11));
    const refused = { code: Code.FailedPrecondition, reason: "SKU_OF_ANOTHER_PRODUCT" };
    expect(await refusal(put(lamp(10)))).toEqual(refused);
    expect(await refusal(put(dish(10, "Soup", 8n)))).toEqual(refused);
    expect(await refusal(put(dish(12, "Salad", 7n), dish(11, "Lamp", 7n)))).toEqual(refused);
    expect(await skus({})).toEqual([10, 11]);
  });

  it("refuses what can not be written", async () => {
    for (const menu of [{ description: "a\0" }, { tags: [" "] }, { additives: ["a\nb"] }, { tags: [""] }]) {
      expect(await refusal(put(dish(10, "Soup", 7n, menu)))).toMatchObject({ code: Code.InvalidArgument });
    }
  });
});

describe("a look at menus", () => {
  beforeEach(async () => {
    await put(
      dish(10, "Tomato soup", 7n, soup),
      dish(11, "Tomato salad", 7n, { categories: ["starters"], tags: ["vegan", "raw"] }),
      dish(12, "Wine", 7n, { categories: ["drinks"], additives: ["sulphites"] }),
      dish(13, "Wine", 8n, { categories: ["Drinks"], additives: ["Sulphites"] }),
      dish(14, "Old wine", 7n, { categories: ["drinks"], isOffMenu: true }),
      dish(15, "100 % juice_", 7n),
      lamp(16),
    );
  });

  it("finds what fits all that is asked for", async () => {
    expect(await skus({ locationId: 7n })).toEqual([10, 11, 12, 15]);
    expect(await skus({ locationId: 7n, pageSize: 2 })).toEqual([10, 11, 12, 15]);
    expect(await skus({ category: "STARTERS" })).toEqual([10, 11]);
    expect(await skus({ category: "starters", tag: "raw" })).toEqual([11]);
    expect(await skus({ category: " drinks " })).toEqual([12, 13]);
    expect(await skus({ locationId: 8n, additive: "sulphites" })).toEqual([13]);
    expect(await skus({ additive: "sulph" })).toEqual([]);
    expect(await skus({ locationId: 9n })).toEqual([]);
    expect(await skus({ kind: ProductKind.MENU_ITEM })).toEqual([10, 11, 12, 13, 15]);
    expect(await skus({ kind: ProductKind.PHYSICAL })).toEqual([16]);
    expect(await skus({ kind: ProductKind.PHYSICAL, tag: "vegan" })).toEqual([]);
    expect(await skus({ query: "toma", tag: "raw" })).toEqual([11]);
  });

  it("takes a part of a name as the text that it is", async () => {
    expect(await skus({ menuName: "ATO S" })).toEqual([10, 11]);
    expect(await skus({ menuName: "wine" })).toEqual([12, 13]);
    expect(await skus({ menuName: "%" })).toEqual([15]);
    expect(await skus({ menuName: "e_" })).toEqual([15]);
    expect(await skus({ menuName: "'; drop table products --" })).toEqual([]);
  });

  it("has page tokens of its own filter", async () => {
    const { nextPageToken } = await service.products.listProducts({ locationId: 7n, pageSize: 1 });
    const other = service.products.listProducts({ locationId: 8n, pageSize: 1, pageToken: nextPageToken });
    expect(await refusal(other)).toEqual({ code: Code.InvalidArgument, reason: "MALFORMED_PAGE_TOKEN" });
  });

  it("reads an index, and not all products", async () => {
    await sql`insert into products (sku, name, name_key, currency_code, price_minor, kind, location_id, category_keys,
        updated_at)
      select 1000 + n, 'Dish ' || n, 'dish ' || n, 'EUR', 1, 'menu_item', 100 + n % 1000,
        case when n % 500 = 0 then array['rare'] else array['common'] end, now() from generate_series(1, 20000) n`;
    await sql`insert into products (sku, name, currency_code, price_minor, kind, updated_at)
      select 50000 + n, 'Lamp', 'EUR', 1, 'physical', now() from generate_series(1, 20000) n`;
    await sql`vacuum analyze products`;
    const before = await scans();
    // More often than it takes PostgreSQL to settle on one plan for all searches.
    const searches = 12;
    for (let round = 0; round < searches; round += 1) {
      expect(await skus({ category: "Rare" })).toHaveLength(40);
      expect(await skus({ locationId: BigInt(100 + round) })).toHaveLength(20);
    }
    // The figures come late, all of one connection's at the same time, and those of the tests before may come with them:
    // they read a table of a few rows, which is not a tenth of what reading this one would count.
    const after = await eventually(async () => {
      const now = await scans();
      expect(now.menus_by_word! - before.menus_by_word!).toBeGreaterThanOrEqual(searches);
      expect(now.menus_by_name! - before.menus_by_name!).toBeGreaterThanOrEqual(searches);
      return now;
    });
    expect(after.rowsOfWholeTable! - before.rowsOfWholeTable!).toBeLessThan(4_000);
  });
});

/** How many rows PostgreSQL has read by going through the whole table, and how often it has looked into each index. */
async function scans(): Promise<Record<string, number>> {
  const rows = await sql`select t.seq_tup_read::int as rows, i.indexrelname as name, i.idx_scan::int as count
    from pg_stat_user_tables t join pg_stat_user_indexes i using (relid) where t.relname = 'products'`;
  return {
    rowsOfWholeTable: rows[0]?.rows,
    ...Object.fromEntries(rows.map(({ name, count }) => [name, count])),
  };
}

describe("who may edit menus here", () => {
  const upsert = async (token: string, product: ProductInit) =>
    await guarded.products.upsertProduct({ product }, { headers: { authorization: `Bearer ${token}` } });

  it("are the platform and services, not sellers, who could reach into the menus of others", async () => {
    const seller = await issuer.userToken(3, ["seller"]);
    const refused = { code: Code.PermissionDenied, reason: "MENU_ITEM_OF_LOCATION" };
    expect(await refusal(upsert(seller, dish(10, "Soup", 7n)))).toEqual(refused);
    await upsert(seller, lamp(11));
    for (const token of [
      await issuer.userToken(4, ["platform"]),
      await issuer.userToken(5, ["operator", "seller"]),
      await issuer.serviceToken("tables", "product"),
      await issuer.serviceToken("ordermesh", "product"),
    ]) {
      await upsert(token, dish(10, "Soup", 7n));
    }
    // Not by making goods of it, either, which would take it off the menu.
    expect(await refusal(upsert(seller, lamp(10)))).toMatchObject({ code: Code.FailedPrecondition });
    const batch = guarded.products.batchUpsertProducts(
      { products: [lamp(12), dish(13, "Salad", 7n)] },
      { headers: { authorization: `Bearer ${seller}` } },
    );
    expect(await refusal(batch)).toEqual(refused);
    expect(await skus({ kind: ProductKind.PHYSICAL })).toEqual([11]);
  });
});
