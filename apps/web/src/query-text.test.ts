import fc from "fast-check";
import { expect, test } from "vitest";
import { listOf, queryObject, queryText } from "./query-text.ts";

test("ids and codes survive an address as they are", () => {
  for (const text of ["9007199254740993", "662E41", "0012", "true", "null", "[1]", '{"a":1}', "a+b c&d=é"]) {
    expect(queryObject(queryText({ q: text }))).toEqual({ q: text });
  }
});

test("any text comes back", () => {
  const texts = fc.dictionary(fc.string({ minLength: 1 }), fc.string({ minLength: 1, unit: "grapheme" }));
  fc.assert(
    fc.property(texts, (fields) => {
      const entries = Object.entries(queryObject(queryText(fields))).sort();
      expect(entries).toEqual(Object.entries(fields).sort());
    }),
  );
});

test("empty fields are left out, and lists have commas", () => {
  expect(queryText({ q: "", status: undefined, page: 0 })).toBe("?page=0");
  expect(queryText({})).toBe("");
  expect(listOf("PAID,,SHIPPED")).toEqual(["PAID", "SHIPPED"]);
  expect(listOf(undefined)).toEqual([]);
});
