import { Failure } from "@ordermesh/failure/failure";
import { hasControlCharacter } from "./action-parameters.ts";
import type { TableReference, Total } from "./order.ts";

/**
 * Checks where an order is placed.
 *
 * @param order.rest names of fields that were given and mean nothing at a table.
 * @returns the reference of an order at a table; undefined for any other.
 * @throws Failure `invalid_argument` that names the field: a reference without the workflow or the workflow without a
 * reference, no price, a field of goods that are shipped, or a control character where people read.
 */
export function checkTableReference(order: {
  readonly workflow: string;
  readonly table: TableReference | undefined;
  readonly total: Total | undefined;
  readonly rest: readonly string[];
}): TableReference | undefined {
  const { workflow, table, total, rest } = order;
  if (workflow !== "table") {
    if (table !== undefined) {
      throw invalid("table", 'is for the workflow "table" only');
    }
    return undefined;
  }
  if (table === undefined) {
    throw invalid("table", 'is needed for the workflow "table"');
  }
  if (total === undefined) {
    throw invalid("lines[0].unit_price", "an order at a table needs a price");
  }
  const [stranger] = rest;
  if (stranger !== undefined) {
    throw invalid(stranger, "means nothing at a table: leave it out");
  }
  if (hasControlCharacter(table.guestNickname)) {
    throw invalid("table.guest_nickname", "must not contain control characters");
  }
  // A note may have several lines.
  if (hasControlCharacter(table.note.replaceAll("\n", ""))) {
    throw invalid("table.note", "must not contain control characters but line breaks");
  }
  return table;
}

function invalid(field: string, description: string): Failure {
  return new Failure("invalid_argument", `${field}: ${description}`, {
    reason: "INVALID_ORDER",
    fieldViolations: [{ field, description }],
  });
}
