import { create } from "@bufbuild/protobuf";
import { MenuItemSchema } from "@ordermesh/proto/ordermesh/tables/v1/location_pb";
import { expect, test } from "vitest";
import { menuSections, searchMenu } from "./menu-sections.ts";

const item = (name: string, ...categories: string[]) => create(MenuItemSchema, { name, categories });
const menu = [
  item("Cola", "drinks"),
  item("Espresso"),
  item("Soup", "starters", "vegan"),
  item("Pizza", "wood oven"),
  item("Roast", "mains"),
];

test("a menu is read in the order of a meal, and each dish stands once", () => {
  expect(menuSections(menu).map(({ title, items }) => [title, items.map(({ name }) => name)])).toEqual([
    ["Starters", ["Soup"]],
    ["Mains", ["Roast"]],
    ["Wood oven", ["Pizza"]],
    ["Drinks", ["Cola"]],
    ["More", ["Espresso"]],
  ]);
  expect(menuSections([])).toEqual([]);
});

test("all words have to be found, anywhere", () => {
  expect(searchMenu(menu, "VEG so").map(({ name }) => name)).toEqual(["Soup"]);
  expect(searchMenu(menu, " ")).toHaveLength(menu.length);
  expect(searchMenu(menu, "soup roast")).toEqual([]);
});
