import { Failure } from "@ordermesh/failure/failure";

export function namedTwice(sku: number): Failure {
  const description = `SKU ${sku} is named twice`;
  return new Failure("invalid_argument", `products: ${description}.`, {
    reason: "INVALID_PRODUCT",
    fieldViolations: [{ field: "products", description }],
  });
}

/** What a SKU stands for in orders and on menus can not become something else. */
export function ofAnotherProduct(sku: number): Failure {
  const description = "a menu item stays a menu item of its location, and nothing else becomes one";
  return new Failure("failed_precondition", `SKU ${sku}: ${description}. Use another SKU.`, {
    reason: "SKU_OF_ANOTHER_PRODUCT",
    metadata: { sku: `${sku}` },
    preconditionViolations: [{ type: "SKU_OF_ANOTHER_PRODUCT", subject: `product/${sku}`, description }],
  });
}

export function menuNameTaken(cause: unknown): Failure {
  const description = "is the name of another item on this menu";
  return new Failure("already_exists", `product.name: ${description}.`, {
    reason: "MENU_ITEM_NAME_TAKEN",
    fieldViolations: [{ field: "product.name", description }],
    cause,
  });
}

/** Who may sell at a location is not known here. */
export function menusAreEditedElsewhere(): Failure {
  return new Failure(
    "permission_denied",
    "Menu items are edited with LocationsService.UpsertMenuItem, by the staff of their location.",
    { reason: "MENU_ITEM_OF_LOCATION" },
  );
}
