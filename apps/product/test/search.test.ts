import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@ordermesh/proto/google/rpc/error_details_pb";
import { ProductKind } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { type FreshDatabase, freshDatabase } from "@ordermesh/testkit/fresh-database";
import { seededRandom } from "@ordermesh/testkit/seeded-random";
import postgres from "postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ProductUnderTest, startProductUnderTest } from "./product-under-test.ts";

let database: FreshDatabase;
let service: ProductUnderTest;
let sql: postgres.Sql;

beforeAll(async () => {
  database = await freshDatabase();
  service = await startProductUnderTest(database.url);
  await service.ready;
  sql = postgres(database.url, { max: 1, onnotice: () => {} });
});

afterAll(async () => {
  await sql?.end();
  await service?.stop();
  await database?.drop();
});

beforeEach(async () => {
  await sql`truncate products`;
});

async function fill(names: readonly string[]): Promise<void> {
  await sql`insert into products (sku, name, currency_code, price_minor, kind, updated_at)
    select n, name, 'EUR', 100, 'physical', now()
    from unnest(${names as string[]}::text[]) with ordinality as given (name, n)`;
}

async function found(query: string): Promise<string[]> {
  const { products } = await service.products.listProducts({ query, pageSize: 500 });
  return products.map((product) => product.name);
}

async function allPages(query: string, pageSize: number): Promise<number[]> {
  const skus: number[] = [];
  let pageToken = "";
  do {
    const page = await service.products.listProducts({ query, pageSize, pageToken });
    expect(page.products.length).toBeLessThanOrEqual(pageSize);
    skus.push(...page.products.map((product) => product.sku));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return skus;
}

async function refusal(call: Promise<unknown>): Promise<ConnectError> {
  return await call.then(
    () => expect.fail("the call should have been refused"),
    (error: unknown) => ConnectError.from(error),
  );
}

describe("a search", () => {
  it("finds the names in which every word of the query begins some word, in any order and case", async () => {
    await fill(["Red desk lamp", "Desk, red (large)", "Green desk", "Redwood table", "Lampshade"]);
    expect(await found("desk")).toEqual(["Red desk lamp", "Desk, red (large)", "Green desk"]);
    expect(await found("DES re")).toEqual(["Red desk lamp", "Desk, red (large)"]);
    expect(await found("red")).toEqual(["Red desk lamp", "Desk, red (large)", "Redwood table"]);
    expect(await found("lamp red")).toEqual(["Red desk lamp"]);
    expect(await found("esk")).toEqual([]);
    expect(await found("desk sofa")).toEqual([]);
  });

  it("takes an empty query, or one without a word, as all products", async () => {
    await fill(["One", "Two"]);
    for (const query of ["", "  ", "!?", "\0", "–"]) {
      expect(await found(query), JSON.stringify(query)).toEqual(["One", "Two"]);
    }
  });

  it("cuts words at punctuation of any script, and unifies forms of one letter", async () => {
    await fill([
      "T-shirt and/or top",
      "“Müller’s” ﬁne cafe\u0301",
      "3.5mm plug -5V",
      "日本語 テスト",
      "👍 thumbs",
    ]);
    expect(await found("shirt or")).toEqual(["T-shirt and/or top"]);
    expect(await found("t-sh")).toEqual(["T-shirt and/or top"]);
    expect(await found("MÜLL fine CAFÉ")).toEqual(["“Müller’s” ﬁne cafe\u0301"]);
    expect(await found("5mm")).toEqual(["3.5mm plug -5V"]);
    expect(await found("日本")).toEqual(["日本語 テスト"]);
    expect(await found("👍")).toEqual(["👍 thumbs"]);
  });

  it("takes what looks like SQL or a text-search query as the text that it is", async () => {
    await fill(["Plain", "It's a trap"]);
    for (const query of [
      "' or 1=1 --",
      "plain | trap",
      "!plain",
      "a:*",
      "it\\'s <-> trap",
      "%",
      "pl&",
      "':*",
    ]) {
      expect(Array.isArray(await found(query)), query).toBe(true);
    }
    expect(await found("it's")).toEqual(["It's a trap"]);
    expect(await found("plain | trap")).toEqual([]);
    expect(await found("!plain")).toEqual(["Plain"]);
  });

  it("agrees with a plain comparison of words on random names", async () => {
    const random = seededRandom("search agrees with a plain comparison");
    const syllables = ["a", "an", "ana", "be", "bel", "x1", "2", "22", "ü", "ünd"];
    const phrase = (wordsMax: number) =>
      Array.from(
        { length: random.integer(1, wordsMax) },
        () => random.pick(syllables) + random.pick(["", "", ...syllables]),
      );
    const names = Array.from({ length: 300 }, () => phrase(4).join(random.pick([" ", "-", ", ", "/"])));
    await fill(names);
    let hits = 0;
    for (let round = 0; round < 100; round += 1) {
      const words = phrase(2);
      const expected = names.filter((name) =>
        words.every((word) => name.split(/[ ,/-]+/).some((candidate) => candidate.startsWith(word))),
      );
      hits += expected.length;
      expect(await found(words.join(" ").toUpperCase()), words.join(" ")).toEqual(expected);
    }
    process.stdout.write(`search: 100 queries, ${hits} hits\n`);
    expect(hits).toBeGreaterThan(100);
  });
});

describe("pages", () => {
  it("give every product once, whatever the page size", async () => {
    await fill(
      Array.from({ length: 23 }, (_, index) => (index % 2 === 0 ? `Even ${index}` : `Odd ${index}`)),
    );
    expect(await allPages("", 5)).toEqual(Array.from({ length: 23 }, (_, index) => index + 1));
    expect(await allPages("even", 4)).toEqual(Array.from({ length: 12 }, (_, index) => 2 * index + 1));
    // The last page is full: no empty page may follow.
    expect(await allPages("even", 6)).toHaveLength(12);
  });

  it("neither skip nor repeat a product when others come and go between them", async () => {
    await fill(["P1", "P2", "P3", "P4"]);
    const first = await service.products.listProducts({ pageSize: 2 });
    await sql`delete from products where sku = 1`;
    await service.products.upsertProduct({
      product: {
        sku: 9,
        name: "P9",
        price: { currencyCode: "EUR", amountMinor: 1n },
        kind: ProductKind.SERVICE,
      },
    });
    const rest = await service.products.listProducts({ pageSize: 10, pageToken: first.nextPageToken });
    expect(rest.products.map((product) => product.sku)).toEqual([3, 4, 9]);
  });

  it("have tokens that belong to their query", async () => {
    await fill(["Red one", "Red two", "Blue one", "Blue two"]);
    const { nextPageToken } = await service.products.listProducts({ query: "red", pageSize: 1 });
    const error = await refusal(
      service.products.listProducts({ query: "blue", pageSize: 1, pageToken: nextPageToken }),
    );
    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.findDetails(ErrorInfoSchema)[0]?.reason).toBe("MALFORMED_PAGE_TOKEN");
  });

  it("refuse a malformed token", async () => {
    await fill(["One", "Two"]);
    const { nextPageToken } = await service.products.listProducts({ pageSize: 1 });
    const [fingerprint] = JSON.parse(Buffer.from(nextPageToken, "base64url").toString()) as string[];
    const forge = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString("base64url");
    const tokens = [
      "x",
      "%%%",
      nextPageToken.slice(1),
      forge(fingerprint),
      forge(fingerprint, "1", "2"),
      forge(fingerprint, 1),
      forge(fingerprint, "-1"),
      forge(fingerprint, "1e3"),
      forge(fingerprint, "9".repeat(40)),
      forge(fingerprint, "1; drop table products"),
      "A".repeat(501),
    ];
    for (const pageToken of tokens) {
      const error = await refusal(service.products.listProducts({ pageSize: 1, pageToken }));
      expect(error.code, pageToken).toBe(Code.InvalidArgument);
    }
  });

  it("refuse a page of more than 500 and a query of more than 200 characters", async () => {
    for (const request of [{ pageSize: 501 }, { query: "x".repeat(201) }]) {
      expect((await refusal(service.products.listProducts(request))).code).toBe(Code.InvalidArgument);
    }
  });
});
