import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@ordermesh/proto/google/rpc/error_details_pb";
import { ProductKind } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { type FreshDatabase, freshDatabase } from "@ordermesh/testkit/fresh-database";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ProductUnderTest, startProductUnderTest } from "./product-under-test.ts";

const token = "a token of our own";

let database: FreshDatabase;
let service: ProductUnderTest;

beforeAll(async () => {
  database = await freshDatabase();
  service = await startProductUnderTest(database.url, { MINIZON_PRODUCT_TOKEN: token });
  await service.ready;
  for (const [sku, amountMinor] of [
    [1076963, 129_900n],
    [1148162, 4_294_967_295n],
    [1625903, 4_294_967_296n],
  ] as const) {
    await service.products.upsertProduct({
      product: {
        sku,
        name: `Lamp ${sku}`,
        price: { currencyCode: "EUR", amountMinor },
        kind: ProductKind.PHYSICAL,
      },
    });
  }
});

afterAll(async () => {
  await service?.stop();
  await database?.drop();
});

async function refusal(
  call: Promise<unknown>,
): Promise<{ code: Code; reason: string | undefined; text: string }> {
  return await call.then(
    () => expect.fail("the call should have been refused"),
    (reason: unknown) => {
      const error = ConnectError.from(reason);
      return {
        code: error.code,
        reason: error.findDetails(ErrorInfoSchema)[0]?.reason,
        text: error.rawMessage,
      };
    },
  );
}

describe("miniZON's product service", () => {
  it("gives name and price in minor units, up to the last that fits", async () => {
    expect(await service.minizon.getProduct({ token, sku: 1076963 })).toMatchObject({
      name: "Lamp 1076963",
      price: 129_900,
    });
    expect((await service.minizon.getProduct({ token, sku: 1148162 })).price).toBe(4_294_967_295);
  });

  it("refuses a price that does not fit, and does not cut it off", async () => {
    expect(await refusal(service.minizon.getProduct({ token, sku: 1625903 }))).toMatchObject({
      code: Code.FailedPrecondition,
      reason: "PRICE_OUT_OF_RANGE",
    });
  });

  it("lists SKUs", async () => {
    expect((await service.minizon.listSkus({ token, count: 2 })).skus).toEqual([1076963, 1148162]);
    expect((await service.minizon.listSkus({ token, startAfterSku: 1148162, count: 5 })).skus).toEqual([
      1625903,
    ]);
    expect((await service.minizon.listSkus({ token })).skus).toHaveLength(3);
  });

  it("refuses every call without its token, before anything else, and repeats no token in its answer", async () => {
    for (const wrong of ["", "testtoken", `${token} `, token.toUpperCase(), "ß".repeat(50)]) {
      for (const call of [
        service.minizon.getProduct({ token: wrong, sku: 1076963 }),
        service.minizon.getProduct({ token: wrong, sku: 0 }),
        service.minizon.listSkus({ token: wrong, count: 1_000_000 }),
      ]) {
        const { code, reason, text } = await refusal(call);
        expect({ code, reason }).toEqual({ code: Code.Unauthenticated, reason: "WRONG_TOKEN" });
        expect(text).not.toContain(token);
      }
    }
  });

  it("has proper codes for bad input", async () => {
    expect(await refusal(service.minizon.getProduct({ token, sku: 0 }))).toMatchObject({
      code: Code.InvalidArgument,
    });
    expect(await refusal(service.minizon.listSkus({ token, count: 10_001 }))).toMatchObject({
      code: Code.InvalidArgument,
    });
    expect(await refusal(service.minizon.getProduct({ token, sku: 5 }))).toMatchObject({
      code: Code.NotFound,
      reason: "SKU_NOT_FOUND",
    });
  });

  it("takes miniZON's own token unless another is configured", async () => {
    const other = await startProductUnderTest(database.url);
    await other.ready;
    expect((await other.minizon.listSkus({ token: "testtoken", count: 1 })).skus).toEqual([1076963]);
    await other.stop();
  });
});
