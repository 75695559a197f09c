import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "@ordermesh/proto/google/rpc/error_details_pb";
import { ProductKind, type ProductSchema } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { type FreshDatabase, freshDatabase } from "@ordermesh/testkit/fresh-database";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ProductUnderTest, startProductUnderTest } from "./product-under-test.ts";

type ProductInit = MessageInitShape<typeof ProductSchema>;

let database: FreshDatabase;
let service: ProductUnderTest;

beforeAll(async () => {
  database = await freshDatabase();
  service = await startProductUnderTest(database.url);
  await service.ready;
});

afterAll(async () => {
  await service?.stop();
  await database?.drop();
});

function lamp(change: Partial<ProductInit> = {}): ProductInit {
  return {
    sku: 1,
    name: "Lamp",
    price: { currencyCode: "EUR", amountMinor: 1299n },
    kind: ProductKind.PHYSICAL,
    ...change,
  } as ProductInit;
}

async function errorOf(call: Promise<unknown>): Promise<ConnectError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConnectError);
  return error as ConnectError;
}

describe("UpsertProduct and GetProduct", () => {
  it("adds a product and replaces it", async () => {
    const before = Date.now();
    const { product: added } = await service.products.upsertProduct({ product: lamp() });
    const { product: found } = await service.products.getProduct({ sku: 1 });
    expect(found).toEqual(added);
    expect(found).toMatchObject({ sku: 1, name: "Lamp", kind: ProductKind.PHYSICAL, locationId: 0n });
    expect(found?.price).toMatchObject({ currencyCode: "EUR", amountMinor: 1299n });
    const updatedAt = found?.updatedTime && timestampDate(found.updatedTime).getTime();
    expect(Math.abs((updatedAt ?? 0) - before)).toBeLessThan(60_000);

    await service.products.upsertProduct({ product: lamp({ name: "Repair", kind: ProductKind.SERVICE }) });
    const { product: replaced } = await service.products.getProduct({ sku: 1 });
    expect(replaced).toMatchObject({ name: "Repair", kind: ProductKind.SERVICE });
  });

  it("keeps the largest SKU and price, and a name of 200 characters outside of the basic plane", async () => {
    const product = lamp({
      sku: 4_294_967_295,
      name: "🪔".repeat(200),
      price: { currencyCode: "JPY", amountMinor: 10n ** 15n },
    });
    await service.products.upsertProduct({ product });
    const { product: found } = await service.products.getProduct({ sku: 4_294_967_295 });
    expect(found?.name).toBe("🪔".repeat(200));
    expect(found?.price?.amountMinor).toBe(10n ** 15n);
  });

  it("names the SKU that is not there", async () => {
    const error = await errorOf(service.products.getProduct({ sku: 987_654 }));
    expect(error.code).toBe(Code.NotFound);
    expect(error.rawMessage).toContain("987654");
    expect(error.findDetails(ErrorInfoSchema)[0]).toMatchObject({
      reason: "SKU_NOT_FOUND",
      metadata: { sku: "987654" },
    });
  });

  const bad: [string, string, ProductInit | undefined][] = [
    ["no product", "product", undefined],
    ["SKU 0", "product.sku", lamp({ sku: 0 })],
    ["no name", "product.name", lamp({ name: "" })],
    ["a blank name", "product.name", lamp({ name: "  " })],
    ["a name with a NUL", "product.name", lamp({ name: "La\0mp" })],
    ["201 characters", "product.name", lamp({ name: "x".repeat(201) })],
    ["no price", "product.price", lamp({ price: undefined })],
    ["a negative price", "product.price", lamp({ price: { currencyCode: "EUR", amountMinor: -1n } })],
    [
      "a price that is too high",
      "product.price",
      lamp({ price: { currencyCode: "EUR", amountMinor: 10n ** 15n + 1n } }),
    ],
    ["a currency in lower case", "product.price", lamp({ price: { currencyCode: "eur", amountMinor: 1n } })],
    ["no kind", "product.kind", lamp({ kind: ProductKind.UNSPECIFIED })],
    ["an unknown kind", "product.kind", lamp({ kind: 99 as ProductKind })],
    ["a menu item without location", "product.location_id", lamp({ kind: ProductKind.MENU_ITEM })],
    ["a location on goods", "product.location_id", lamp({ locationId: 5n })],
    ["a negative location", "product.location_id", lamp({ kind: ProductKind.MENU_ITEM, locationId: -5n })],
  ];
  it.each(bad)("refuses %s and changes nothing", async (_, field, product) => {
    await service.products.upsertProduct({ product: lamp({ sku: 2, name: "As it was" }) });
    const error = await errorOf(
      service.products.upsertProduct({ product: product?.sku === 1 ? { ...product, sku: 2 } : product }),
    );
    expect(error.code).toBe(Code.InvalidArgument);
    const fields = error.findDetails(BadRequestSchema).flatMap((details) => details.fieldViolations);
    expect(fields.map((violation) => violation.field).join()).toContain(field);
    expect((await service.products.getProduct({ sku: 2 })).product?.name).toBe("As it was");
  });

  it("keeps to the same rules in the database", async () => {
    const sql = postgres(database.url, { max: 1 });
    const insert = (values: string) =>
      sql.unsafe(
        `insert into products (sku, name, currency_code, price_minor, kind, location_id, updated_at) values (${values}, now())`,
      );
    for (const values of [
      "0, 'x', 'EUR', 1, 'physical', null",
      "4294967296, 'x', 'EUR', 1, 'physical', null",
      "9, '', 'EUR', 1, 'physical', null",
      "9, 'x', 'eur', 1, 'physical', null",
      "9, 'x', 'EUR', -1, 'physical', null",
      "9, 'x', 'EUR', 1, 'menu_item', null",
      "9, 'x', 'EUR', 1, 'service', 3",
    ]) {
      await expect(insert(values), values).rejects.toMatchObject({ code: "23514" });
    }
    await sql.end();
  });
});

describe("BatchGetProducts", () => {
  it("gives each product once, by SKU, and lists what is missing", async () => {
    for (const sku of [30, 10, 20]) {
      await service.products.upsertProduct({ product: lamp({ sku, name: `Lamp ${sku}` }) });
    }
    const batch = await service.products.batchGetProducts({ skus: [30, 11, 10, 30, 12, 11, 20] });
    expect(batch.products.map((product) => product.sku)).toEqual([10, 20, 30]);
    expect(batch.missingSkus).toEqual([11, 12]);
  });

  it("takes 500 SKUs, and neither none, nor 501, nor SKU 0", async () => {
    const skus = Array.from({ length: 501 }, (_, index) => 100_000 + index);
    expect((await service.products.batchGetProducts({ skus: skus.slice(0, 500) })).missingSkus).toHaveLength(
      500,
    );
    for (const bad of [[], skus, [0]]) {
      expect((await errorOf(service.products.batchGetProducts({ skus: bad }))).code).toBe(
        Code.InvalidArgument,
      );
    }
  });
});

describe("ListSkus", () => {
  it("goes on after a SKU, in ascending order", async () => {
    const sql = postgres(database.url, { max: 1 });
    await sql`insert into products (sku, name, currency_code, price_minor, kind, updated_at)
      select 500000 + n, 'Row ' || n, 'EUR', n, 'physical', now() from generate_series(1, 150) n`;
    await sql.end();
    const first = await service.products.listSkus({ startAfterSku: 500_000 });
    expect(first.skus).toEqual(Array.from({ length: 100 }, (_, index) => 500_001 + index));
    const next = await service.products.listSkus({ startAfterSku: first.skus.at(-1) ?? 0, count: 20 });
    expect(next.skus).toEqual(Array.from({ length: 20 }, (_, index) => 500_101 + index));
    expect((await service.products.listSkus({ startAfterSku: 4_294_967_295 })).skus).toEqual([]);
    expect((await errorOf(service.products.listSkus({ count: 10_001 }))).code).toBe(Code.InvalidArgument);
  });
});
