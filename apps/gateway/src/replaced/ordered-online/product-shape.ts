import { create, type JsonValue } from "@bufbuild/protobuf";
import type { Product } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { type MenuItem, MenuItemSchema } from "@ordermesh/proto/ordermesh/tables/v1/location_pb";
import { type Money, MoneySchema } from "@ordermesh/proto/ordermesh/type/v1/money_pb";
import { namesOf, objectOf, refuseOthers, textOf } from "./json-input.ts";
import { namesShape } from "./location-shape.ts";
import { malformedJson } from "./reasons.ts";

const fields = ["location_id", "name", "description", "price", "tags", "categories", "additives"];

/** Digits before the point of a price, which had ten in all. */
const wholeDigitsMax = 8;

/** A menu item as ordered-online wrote a product. */
export function productShape({ sku, locationId, name, price, menu }: Product): object {
  return {
    id: sku,
    location_id: Number(locationId),
    name,
    description: menu?.description ?? "",
    price: priceText(price),
    tags: namesShape(menu?.tags ?? []),
    categories: namesShape(menu?.categories ?? []),
    additives: namesShape(menu?.additives ?? []),
  };
}

/**
 * What a body says about a menu item.
 *
 * @param before keeps what is not given, and its SKU.
 * @throws Refusal `malformed_json`.
 */
export function menuItemOf(value: JsonValue | undefined, currencyCode: string, before?: Product): MenuItem {
  const input = objectOf(value);
  refuseOthers(input, fields);
  return create(MenuItemSchema, {
    sku: before?.sku ?? 0,
    name: textOf(input.name),
    description: textOf(input.description),
    price: moneyOf(input.price, currencyCode),
    categories: namesOf(input.categories) ?? before?.menu?.categories ?? [],
    tags: namesOf(input.tags) ?? before?.menu?.tags ?? [],
    additives: namesOf(input.additives) ?? before?.menu?.additives ?? [],
    isSoldOut: before?.menu?.isSoldOut ?? false,
  });
}

/**
 * A price was a decimal there, which Django writes as a text: "1.80". It had no currency; here it is the location's, whose
 * minor units are the last digits.
 */
function priceText(price: Money | undefined): string {
  const digits = minorDigits(price?.currencyCode ?? "EUR");
  const text = `${price?.amountMinor ?? 0n}`.padStart(digits + 1, "0");
  const [whole, fraction] = [text.slice(0, text.length - digits), text.slice(text.length - digits)];
  return `${whole}.${fraction.padEnd(2, "0")}`;
}

/** @throws Refusal `malformed_json` for what is no price, and for more digits than the currency has. */
function moneyOf(value: JsonValue | undefined, currencyCode: string): Money {
  const text = typeof value === "number" || typeof value === "string" ? `${value}`.trim() : "";
  const [, whole = "", fraction = ""] = /^(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  const digits = minorDigits(currencyCode);
  const significant = fraction.replace(/0+$/, "");
  if (whole === "" || whole.length > wholeDigitsMax || significant.length > digits) {
    throw malformedJson();
  }
  const amountMinor = BigInt(`${whole}${significant.padEnd(digits, "0")}`);
  return create(MoneySchema, { currencyCode, amountMinor });
}

function minorDigits(currency: string): number {
  return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions()
    .maximumFractionDigits as number;
}
