import { Failure } from "@ordermesh/failure/failure";

/** The words of this service. Ids and amounts are bigint because their wire type is int64. */

export type ProductKind = "physical" | "menu_item" | "service";

export const productKinds: readonly ProductKind[] = ["physical", "menu_item", "service"];

export interface Price {
  readonly currencyCode: string;
  readonly amountMinor: bigint;
}

/** A product as somebody wants it to be: each field is valid by itself. */
export interface ProductDraft {
  readonly sku: number;
  readonly name: string;
  readonly price: Price;
  readonly kind: ProductKind;
  /** Undefined unless it is a menu item. */
  readonly locationId: bigint | undefined;
}

export interface Product extends ProductDraft {
  readonly updatedAt: Date;
}

/**
 * Checks what the contract can not state field by field.
 *
 * @throws Failure `invalid_argument` when a menu item lacks its location, another product has one, or a name is blank
 * or has control characters, which no order line accepts.
 */
export function checkDraft({ name, kind, locationId }: ProductDraft): void {
  if (kind === "menu_item" && locationId === undefined) {
    throw invalid("location_id", "is required for a menu item: the location to whose menu it belongs");
  }
  if (kind !== "menu_item" && locationId !== undefined) {
    throw invalid("location_id", "must be left out unless the product is a menu item");
  }
  if (name.trim() === "") {
    throw invalid("name", "must not be blank");
  }
  if (hasControlCharacter(name)) {
    throw invalid("name", "must not contain control characters");
  }
}

function hasControlCharacter(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose.
  return /[\u0000-\u001f\u007f]/.test(text);
}

function invalid(field: string, description: string): Failure {
  return new Failure("invalid_argument", `product.${field}: ${description}.`, {
    reason: "INVALID_PRODUCT",
    fieldViolations: [{ field: `product.${field}`, description }],
  });
}
