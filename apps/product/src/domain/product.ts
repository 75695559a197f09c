import { Failure } from "@ordermesh/failure/failure";

/** The words of this service. Ids and amounts are bigint because their wire type is int64. */

export type ProductKind = "physical" | "menu_item" | "service";

export const productKinds: readonly ProductKind[] = ["physical", "menu_item", "service"];

export interface Price {
  readonly currencyCode: string;
  readonly amountMinor: bigint;
}

/** What guests read about a dish or drink. */
export interface MenuDetails {
  readonly description: string;
  readonly categories: readonly string[];
  readonly tags: readonly string[];
  readonly additives: readonly string[];
  readonly isSoldOut: boolean;
  /** It was taken off the menu. */
  readonly isOffMenu: boolean;
}

export const noDetails: MenuDetails = {
  description: "",
  categories: [],
  tags: [],
  additives: [],
  isSoldOut: false,
  isOffMenu: false,
};

/** A product as somebody wants it to be: each field is valid by itself. */
export interface ProductDraft {
  readonly sku: number;
  readonly name: string;
  readonly price: Price;
  readonly kind: ProductKind;
  /** Undefined unless it is a menu item. */
  readonly locationId: bigint | undefined;
  /** Undefined unless it is a menu item, which may have none. */
  readonly menu: MenuDetails | undefined;
}

export interface Product extends ProductDraft {
  readonly updatedAt: Date;
}

/**
 * Checks what the contract can not state field by field.
 *
 * @throws Failure `invalid_argument` when a menu item lacks its location, another product has one or has a menu's
 * details, or a name is blank or has control characters, which no order line accepts.
 */
export function checkDraft({ name, kind, locationId, menu }: ProductDraft): void {
  if (kind === "menu_item" && locationId === undefined) {
    throw invalid("location_id", "is required for a menu item: the location to whose menu it belongs");
  }
  if (kind !== "menu_item" && locationId !== undefined) {
    throw invalid("location_id", "must be left out unless the product is a menu item");
  }
  if (kind !== "menu_item" && menu !== undefined) {
    throw invalid("menu", "must be left out unless the product is a menu item");
  }
  if (name.trim() === "") {
    throw invalid("name", "must not be blank");
  }
  if (hasControlCharacter(name)) {
    throw invalid("name", "must not contain control characters");
  }
  if (menu?.description.includes("\0")) {
    throw invalid("menu.description", "must not contain NUL");
  }
  for (const field of ["categories", "tags", "additives"] as const) {
    if (menu?.[field].some((word) => keyOf(word) === "" || hasControlCharacter(word))) {
      throw invalid(`menu.${field}`, "must be neither blank nor contain control characters");
    }
  }
}

/**
 * A text without the differences that make no difference to people: upper case, forms of one letter, and the amount of
 * space between words.
 */
export function keyOf(text: string): string {
  return text.normalize("NFKC").toLowerCase().normalize("NFKC").replace(/\s+/g, " ").trim();
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
