import { queryObject } from "../query-text.ts";
import { filterText, type ListFields, type NamedView } from "./order-filter.ts";

const key = "ordermesh.desk-views";
const viewsMax = 12;

/** Views that somebody has kept in this browser. */
export function ownViews(): readonly NamedView[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? "[]");
    return Array.isArray(kept) ? kept.flatMap(viewOf) : [];
  } catch {
    return [];
  }
}

export function keepView(name: string, fields: ListFields): readonly NamedView[] {
  return write([...ownViews(), { name, fields: queryObject(filterText(fields)) }].slice(-viewsMax));
}

export function forgetView(fields: ListFields): readonly NamedView[] {
  return write(ownViews().filter((view) => filterText(view.fields) !== filterText(fields)));
}

function write(views: readonly NamedView[]): readonly NamedView[] {
  try {
    localStorage.setItem(
      key,
      JSON.stringify(views.map((view) => ({ name: view.name, filter: filterText(view.fields) }))),
    );
  } catch {
    // Without storage it is kept as long as the page is open.
  }
  return views;
}

function viewOf(kept: unknown): NamedView[] {
  if (typeof kept !== "object" || kept === null || !("name" in kept) || !("filter" in kept)) {
    return [];
  }
  return [{ name: String(kept.name).slice(0, 40), fields: queryObject(String(kept.filter)) }];
}
