import type { MenuItem } from "@ordermesh/proto/ordermesh/tables/v1/location_pb";
import type { Money } from "@ordermesh/proto/ordermesh/type/v1/money_pb";
import { multiplyMoney } from "../format.ts";
import { sumOf } from "./order-steps.ts";

/** What somebody is about to order, and has not sent. */
export interface DraftLine {
  readonly quantity: number;
  readonly note: string;
}

/** By SKU. */
export type Draft = Readonly<Record<string, DraftLine>>;

export const emptyDraft: Draft = {};

/** More of one thing is another order. */
export const quantityMax = 99;

/** With another quantity of an item; 0 takes it out, and its note with it. */
export function withQuantity(draft: Draft, sku: number, quantity: number): Draft {
  const { [String(sku)]: line, ...rest } = draft;
  const kept = Math.min(quantityMax, Math.max(0, Math.trunc(quantity)));
  return kept === 0 ? rest : { ...rest, [String(sku)]: { quantity: kept, note: line?.note ?? "" } };
}

export function withNote(draft: Draft, sku: number, note: string): Draft {
  const line = draft[String(sku)];
  return line === undefined ? draft : { ...draft, [String(sku)]: { ...line, note } };
}

/** A line with its dish, as the menu has it now. */
export interface DraftedItem extends DraftLine {
  readonly item: MenuItem;
}

/** What of a draft can be ordered: what the menu does not have any more, or has sold out, cannot. */
export function draftedItems(draft: Draft, menu: readonly MenuItem[]): readonly DraftedItem[] {
  return menu.flatMap((item) => {
    const line = draft[String(item.sku)];
    return line === undefined || item.isSoldOut ? [] : [{ ...line, item }];
  });
}

export function draftTotal(items: readonly DraftedItem[]): Money | undefined {
  return sumOf(items.map(({ item, quantity }) => multiplyMoney(item.price, quantity)));
}

export function draftCount(items: readonly DraftedItem[]): number {
  return items.reduce((sum, { quantity }) => sum + quantity, 0);
}

/** As it was kept over a reload; empty for anything else. */
export function parseDraft(text: string | null): Draft {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    if (typeof value !== "object" || value === null) {
      return emptyDraft;
    }
    return Object.fromEntries(
      Object.entries(value).flatMap(([sku, line]) => {
        const { quantity, note } = (line ?? {}) as { quantity?: unknown; note?: unknown };
        const isLine = Number.isInteger(quantity) && typeof note === "string" && /^\d+$/.test(sku);
        return isLine ? [[sku, { quantity: quantity as number, note: note as string }]] : [];
      }),
    );
  } catch {
    return emptyDraft;
  }
}
