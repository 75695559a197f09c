import { Failure } from "@ordermesh/failure/failure";
import type { RequestedLine } from "./allocate.ts";

const quantityMax = 1_000_000;

/**
 * Merges lines that name the same SKU, by SKU.
 *
 * @throws Failure `invalid_argument` when the quantities of a SKU add up to more than 1,000,000.
 */
export function mergeLines(lines: readonly RequestedLine[]): RequestedLine[] {
  const quantities = new Map<number, number>();
  for (const { sku, quantity } of lines) {
    const sum = (quantities.get(sku) ?? 0) + quantity;
    if (sum > quantityMax) {
      const description = `the quantities of SKU ${sku} add up to more than ${quantityMax}`;
      throw new Failure("invalid_argument", `lines: ${description}.`, {
        reason: "INVALID_RESERVATION",
        fieldViolations: [{ field: "lines", description }],
      });
    }
    quantities.set(sku, sum);
  }
  return [...quantities].map(([sku, quantity]) => ({ sku, quantity })).sort((a, b) => a.sku - b.sku);
}
