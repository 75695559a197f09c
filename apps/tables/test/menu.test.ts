import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { ProductKind, ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import type { MenuItem, MenuItemSchema } from "@ordermesh/proto/ordermesh/tables/v1/location_pb";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { refusalOf } from "./refusal.ts";
import { startTablesHarness, type TablesHarness } from "./tables-harness.ts";

type ItemInit = MessageInitShape<typeof MenuItemSchema>;
type Locations = Client<typeof LocationsService>;

const waiterId = 8n;

let tables: TablesHarness;
let owner: Locations;
let waiter: Locations;
let stranger: Locations;
let anybody: Locations;
let products: Client<typeof ProductService>;

beforeAll(async () => {
  tables = await startTablesHarness({ neighbors: ["product"] });
  owner = await tables.client(LocationsService, await tables.sellerToken(7));
  waiter = await tables.client(LocationsService, await tables.sellerToken(waiterId));
  stranger = await tables.client(LocationsService, await tables.sellerToken(9));
  anybody = await tables.client(LocationsService);
  const platform = await tables.issuer.userToken(4, ["platform"]);
  products = await tables.client(ProductService, platform, "product");
});

afterAll(async () => {
  await tables?.stop();
});

let count = 0;

async function makeLocation(): Promise<bigint> {
  count += 1;
  const { location } = await owner.createLocation({
    location: { name: `Cafe ${count}`, address: `${count} Main Street` },
  });
  await owner.setLocationStaff({ locationId: location!.locationId, userIds: [waiterId] });
  return location!.locationId;
}

function soup(change: ItemInit = {}): ItemInit {
  return { name: "Soup", price: { currencyCode: "EUR", amountMinor: 650n }, ...change } as ItemInit;
}

async function put(locationId: bigint, item: ItemInit, by = waiter): Promise<MenuItem> {
  const response = await by.upsertMenuItem({ locationId, item });
  return response.item!;
}

async function menuNames(locationId: bigint, filter = {}): Promise<string[]> {
  const { items } = await anybody.listMenu({ locationId, ...filter });
  return items.map(({ name }) => name);
}

describe("a menu", () => {
  it("gets items from the staff, under SKUs of their own, and shows them to everybody", async () => {
    const locationId = await makeLocation();
    const details = {
      description: "With bread.",
      categories: ["Starters", "starters"],
      tags: ["Vegan"],
      additives: ["gluten", "Celery"],
    };
    const item = await put(locationId, soup({ name: " Soup ", ...details }));
    expect(item).toMatchObject({
      ...details,
      name: "Soup",
      categories: ["Starters"],
      price: { currencyCode: "EUR", amountMinor: 650n },
      isSoldOut: false,
    });
    expect(item.sku).toBeGreaterThanOrEqual(3_000_000_000);
    expect((await anybody.listMenu({ locationId })).items).toEqual([item]);
    const { product } = await products.getProduct({ sku: item.sku });
    expect(product).toMatchObject({ kind: ProductKind.MENU_ITEM, locationId, name: "Soup" });
    const second = await put(locationId, soup({ name: "Salad" }), owner);
    expect(second.sku).toBe(item.sku + 1);
  });

  it("replaces an item under its SKU", async () => {
    const locationId = await makeLocation();
    const { sku } = await put(locationId, soup({ tags: ["vegan"] }));
    const price = { currencyCode: "EUR", amountMinor: 700n };
    const replaced = await put(locationId, soup({ sku, name: "Better soup", price, isSoldOut: true }));
    expect(replaced).toMatchObject({ sku, name: "Better soup", tags: [], isSoldOut: true });
    expect(await menuNames(locationId)).toEqual(["Better soup"]);
  });

  it("is found by name, category, tag and additive, and is told by name", async () => {
    const locationId = await makeLocation();
    await put(locationId, soup({ name: "éclair", categories: ["Sweets"], additives: ["Gluten"] }));
    await put(locationId, soup({ name: "Zander", categories: ["fish"], tags: ["Grilled"] }));
    await put(locationId, soup({ name: "eel 10% off", categories: ["Fish"], tags: ["smoked"] }));
    await put(await makeLocation(), soup({ name: "Elsewhere", categories: ["fish"] }));
    expect(await menuNames(locationId)).toEqual(["éclair", "eel 10% off", "Zander"]);
    expect(await menuNames(locationId, { category: "FISH" })).toEqual(["eel 10% off", "Zander"]);
    expect(await menuNames(locationId, { category: "fish", tag: "grilled" })).toEqual(["Zander"]);
    expect(await menuNames(locationId, { additive: "gluten" })).toEqual(["éclair"]);
    expect(await menuNames(locationId, { name: "AND" })).toEqual(["Zander"]);
    expect(await menuNames(locationId, { name: "%" })).toEqual(["eel 10% off"]);
    expect(await menuNames(locationId, { tag: "grill" })).toEqual([]);
    expect((await refusalOf(anybody.listMenu({ locationId: 99_999n }))).reason).toBe("LOCATION_NOT_FOUND");
  });

  it("names no two items alike, in any case; what was taken off lends its name, and can come back", async () => {
    const locationId = await makeLocation();
    const { sku } = await put(locationId, soup());
    expect(await refusalOf(put(locationId, soup({ name: "SOUP" })))).toMatchObject({
      code: "AlreadyExists",
      reason: "MENU_ITEM_NAME_TAKEN",
      fields: ["item.name"],
    });
    await waiter.removeMenuItem({ locationId, sku });
    await waiter.removeMenuItem({ locationId, sku });
    expect(await menuNames(locationId)).toEqual([]);
    expect((await products.getProduct({ sku })).product?.menu?.isOffMenu).toBe(true);
    const second = await put(locationId, soup());
    expect(second.sku).not.toBe(sku);
    expect((await refusalOf(put(locationId, soup({ sku })))).code).toBe("AlreadyExists");
    await put(locationId, soup({ sku, name: "Old soup" }));
    expect(await menuNames(locationId)).toEqual(["Old soup", "Soup"]);
    // The same names at another location are its own.
    await put(await makeLocation(), soup());
  });

  it("is edited by the staff only; to all others the location is not there", async () => {
    const locationId = await makeLocation();
    const { sku } = await put(locationId, soup());
    const calls: (() => Promise<unknown>)[] = [
      () => put(locationId, soup({ name: "Mine" }), stranger),
      () => put(locationId, soup({ sku }), stranger),
      () => stranger.removeMenuItem({ locationId, sku }),
    ];
    for (const call of calls) {
      expect(await refusalOf(call())).toMatchObject({ code: "NotFound", reason: "LOCATION_NOT_FOUND" });
    }
    expect((await refusalOf(put(locationId, soup(), anybody))).code).toBe("Unauthenticated");
    expect(await menuNames(locationId)).toEqual(["Soup"]);
  });

  it("does not take an item of another menu, or goods, for its own", async () => {
    const [here, there] = [await makeLocation(), await makeLocation()];
    const { sku } = await put(there, soup());
    const price = { currencyCode: "EUR", amountMinor: 1n };
    await products.upsertProduct({ product: { sku: 5, name: "Lamp", price, kind: ProductKind.PHYSICAL } });
    for (const other of [sku, 5, 4_294_967_295]) {
      const expected = { code: "NotFound", reason: "MENU_ITEM_NOT_FOUND", metadata: { sku: `${other}` } };
      expect(await refusalOf(put(here, soup({ sku: other })))).toMatchObject(expected);
      expect(await refusalOf(waiter.removeMenuItem({ locationId: here, sku: other }))).toMatchObject(
        expected,
      );
    }
    expect(await menuNames(there)).toEqual(["Soup"]);
  });

  it("passes over SKUs that somebody has used for something else", async () => {
    const locationId = await makeLocation();
    const { sku } = await put(locationId, soup());
    const price = { currencyCode: "EUR", amountMinor: 1n };
    for (const taken of [sku + 1, sku + 2]) {
      await products.upsertProduct({
        product: { sku: taken, name: "Lamp", price, kind: ProductKind.PHYSICAL },
      });
    }
    expect((await put(locationId, soup({ name: "Salad" }))).sku).toBe(sku + 3);
    expect((await products.getProduct({ sku: sku + 1 })).product?.name).toBe("Lamp");
  });

  const bad: [string, ItemInit, string][] = [
    ["no name", { name: "" }, "item.name"],
    ["a blank name", { name: " " }, "item.name"],
    ["a line break in the name", { name: "a\nb" }, "item.name"],
    ["no price", { price: undefined }, "item.price"],
    ["another currency", { price: { currencyCode: "USD", amountMinor: 1n } }, "item.price.currency_code"],
    ["a negative price", { price: { currencyCode: "EUR", amountMinor: -1n } }, "item.price.amount_minor"],
    ["an empty tag", { tags: [""] }, "item.tags[0]"],
    ["a control character in an additive", { additives: ["a\nb"] }, "item.additives"],
    ["a NUL in the description", { description: "a\0b" }, "item.description"],
  ];
  it.each(bad)("refuses %s, and names the field", async (_, change, field) => {
    const refused = await refusalOf(put(await makeLocation(), soup(change)));
    expect(refused).toMatchObject({ code: "InvalidArgument", fields: [field] });
  });
});

describe("while the catalogue is away", () => {
  it("menus are unavailable, by its name, and locations are there", async () => {
    const alone = await startTablesHarness({ neighbors: [] });
    try {
      const seller = await alone.client(LocationsService, await alone.sellerToken(7));
      const { location } = await seller.createLocation({ location: { name: "Cafe", address: "Here" } });
      const { locationId } = location!;
      expect((await seller.getLocation({ locationId })).location).toEqual(location);
      const expected = { code: "Unavailable", reason: "UPSTREAM_UNAVAILABLE" };
      expect(await refusalOf(seller.listMenu({ locationId }, { timeoutMs: 20_000 }))).toMatchObject(expected);
    } finally {
      await alone.stop();
    }
  });
});
