import type { MenuItem } from "@ordermesh/proto/ordermesh/tables/v1/location_pb";

/** Part of a menu, as a guest looks for it. */
export interface MenuSection {
  readonly title: string;
  readonly items: readonly MenuItem[];
}

/** What stands under no category. */
const others = "More";

/** In which order people eat; other categories follow by name. */
const usualOrder: readonly string[] = [
  "breakfast",
  "starters",
  "soups",
  "salads",
  "mains",
  "sides",
  "desserts",
  "snacks",
];
const last: readonly string[] = ["drinks"];

/** A menu by its first categories; each item stands once. */
export function menuSections(items: readonly MenuItem[]): readonly MenuSection[] {
  const byTitle = new Map<string, MenuItem[]>();
  for (const item of items) {
    const title = titleOf(item.categories[0] ?? "");
    byTitle.set(title, [...(byTitle.get(title) ?? []), item]);
  }
  return [...byTitle]
    .map(([title, of]) => ({ title, items: of }))
    .sort((one, other) => rankOf(one.title) - rankOf(other.title) || one.title.localeCompare(other.title));
}

/** Items with what is searched for in their name, description, categories or tags. */
export function searchMenu(items: readonly MenuItem[], text: string): readonly MenuItem[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  return items.filter(({ name, description, categories, tags }) => {
    const all = [name, description, ...categories, ...tags].join(" ").toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

function titleOf(category: string): string {
  return category === "" ? others : category.charAt(0).toUpperCase() + category.slice(1);
}

function rankOf(title: string): number {
  const name = title.toLowerCase();
  if (title === others) {
    return 300;
  }
  return usualOrder.includes(name) ? usualOrder.indexOf(name) : last.includes(name) ? 200 : 100;
}
