import { expect, test } from "vitest";
import { fittingColumns } from "./fitting-columns.ts";

const columns = [
  { id: "order", width: 100 },
  { id: "what" },
  { id: "kind", width: 80, optional: 2 },
  { id: "buyer", width: 90, optional: 3 },
  { id: "steps", width: 60, optional: 1 },
];

const idsAt = (available: number) => fittingColumns(columns, available).map(({ id }) => id);

test("all are there where they fit; else those that can be spared leave in their order, one by one", () => {
  expect(idsAt(490)).toEqual(["order", "what", "kind", "buyer", "steps"]);
  expect(idsAt(489)).toEqual(["order", "what", "kind", "buyer"]);
  expect(idsAt(429)).toEqual(["order", "what", "buyer"]);
  expect(idsAt(260)).toEqual(["order", "what"]);
});

test("where even the others have no room, there are none", () => {
  expect(idsAt(259)).toEqual([]);
});
