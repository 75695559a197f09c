import { failureText } from "../failure-text.ts";

/** What stood in the way of an order: how many there are of a SKU, by SKU. Empty for any other failure. */
export function shortagesOf(error: unknown): ReadonlyMap<number, number> {
  const { reason, conditions } = failureText(error);
  if (reason !== "INSUFFICIENT_STOCK") {
    return new Map();
  }
  return new Map(
    conditions.flatMap(({ subject, text }) => {
      const sku = /^sku\/(\d+)$/.exec(subject)?.[1];
      const available = /(\d+) available/.exec(text)?.[1];
      return sku === undefined || available === undefined ? [] : [[Number(sku), Number(available)] as const];
    }),
  );
}
