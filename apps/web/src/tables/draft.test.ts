import { create } from "@bufbuild/protobuf";
import { MenuItemSchema } from "@ordermesh/proto/ordermesh/tables/v1/location_pb";
import { expect, test } from "vitest";
import {
  draftCount,
  draftedItems,
  draftTotal,
  emptyDraft,
  parseDraft,
  withNote,
  withQuantity,
} from "./draft.ts";

const menu = [
  create(MenuItemSchema, { sku: 1, name: "Soup", price: { currencyCode: "EUR", amountMinor: 690n } }),
  create(MenuItemSchema, { sku: 2, name: "Tart", price: { currencyCode: "EUR", amountMinor: 650n } }),
  create(MenuItemSchema, { sku: 3, name: "Fish", isSoldOut: true }),
];

test("quantities and notes come and go together", () => {
  const two = withNote(withQuantity(emptyDraft, 1, 2), 1, "no salt");
  expect(two).toEqual({ "1": { quantity: 2, note: "no salt" } });
  expect(withQuantity(two, 1, 3)).toEqual({ "1": { quantity: 3, note: "no salt" } });
  expect(withQuantity(two, 1, 0)).toEqual({});
  expect(withQuantity(two, 1, 1_000)["1"]?.quantity).toBe(99);
  expect(withNote(two, 2, "not ordered")).toBe(two);
});

test("what is sold out or not on the menu any more is not ordered", () => {
  const draft = [1, 2, 3, 4].reduce((sum, sku) => withQuantity(sum, sku, 2), emptyDraft);
  const items = draftedItems(draft, menu);
  expect(items.map(({ item }) => item.name)).toEqual(["Soup", "Tart"]);
  expect([draftCount(items), draftTotal(items)?.amountMinor]).toEqual([4, 2680n]);
  expect(draftTotal([])).toBeUndefined();
});

test("a kept draft is read again, and nothing else is", () => {
  const draft = withQuantity(emptyDraft, 1, 2);
  expect(parseDraft(JSON.stringify(draft))).toEqual(draft);
  for (const text of [
    null,
    "",
    "[1]",
    "null",
    '{"1":{"quantity":"2","note":""}}',
    '{"x":{"quantity":1,"note":""}}',
  ]) {
    expect(parseDraft(text)).toEqual({});
  }
});
