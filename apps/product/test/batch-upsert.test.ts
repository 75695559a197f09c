import { Code, ConnectError } from "@connectrpc/connect";
import { ProductKind } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { type FreshDatabase, freshDatabase } from "@ordermesh/testkit/fresh-database";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ProductUnderTest, startProductUnderTest } from "./product-under-test.ts";

let under: ProductUnderTest;
let database: FreshDatabase;

beforeAll(async () => {
  database = await freshDatabase();
  under = await startProductUnderTest(database.url);
  await under.ready;
});

afterAll(async () => {
  await under.stop();
  await database.drop();
});

const product = (sku: number, name: string, locationId = 0n) => ({
  sku,
  name,
  kind: ProductKind.PHYSICAL,
  price: { currencyCode: "EUR", amountMinor: BigInt(sku) },
  locationId,
});

async function names(...skus: number[]): Promise<string[]> {
  const { products } = await under.products.batchGetProducts({ skus });
  return products.map(({ name }) => name);
}

test("adds what is missing and replaces what is there", async () => {
  await under.products.upsertProduct({ product: product(2, "Old") });
  const products = [product(3, 'A "quoted", {braced} \\ name'), product(1, "One"), product(2, "New")];
  expect((await under.products.batchUpsertProducts({ products })).upserted).toBe(3);
  expect(await names(1, 2, 3)).toEqual(["One", "New", 'A "quoted", {braced} \\ name']);
});

test.each([
  ["a product that contradicts itself", [product(11, "Fine"), product(12, "Not fine", 5n)]],
  ["a SKU twice", [product(11, "Fine"), product(11, "Again")]],
])("%s refuses all of them", async (_, products) => {
  const error = ConnectError.from(
    await under.products.batchUpsertProducts({ products }).catch((thrown) => thrown),
  );
  expect(error.code).toBe(Code.InvalidArgument);
  expect(await names(11, 12)).toEqual([]);
});
