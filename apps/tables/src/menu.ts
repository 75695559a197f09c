import { Failure } from "@ordermesh/failure/failure";
import type { Database } from "@ordermesh/postgres/database";
import type { Call } from "@ordermesh/rpc/call";
import { invalid, locationNotFound } from "./domain/failures.ts";
import { hasControlCharacter } from "./domain/location.ts";
import type { MenuFilter, MenuItem } from "./domain/menu.ts";
import { nextMenuItemSku } from "./sql/location-staff.ts";
import { findLocation } from "./sql/locations.ts";
import { requireStaff } from "./staff.ts";
import { type Catalogue, menuItemsMax } from "./upstream/catalogue.ts";

export interface MenuParts {
  readonly database: Database;
  readonly catalogue: Catalogue;
}

/** SKUs that are tried for one item. One is taken only if somebody has put a product above all goods by hand. */
const skusTriedMax = 100;

/**
 * Adds an item to a menu, if its SKU is 0, or replaces the one that has the SKU, also one that was taken off the menu.
 *
 * @throws Failure `not_found` for a location of others and for an item of another menu; `already_exists` if another item
 * of the menu has the name.
 */
export async function upsertMenuItem(
  { database, catalogue }: MenuParts,
  call: Call,
  locationId: bigint,
  item: MenuItem,
): Promise<MenuItem> {
  const location = await database.read((db) => requireStaff(db, locationId, call));
  checkItem(item);
  if (item.price.currencyCode !== location.currencyCode) {
    throw invalid(
      "item.price.currency_code",
      `must be ${location.currencyCode}, as all prices of the location`,
    );
  }
  if (item.sku === 0) {
    return await addMenuItem({ database, catalogue }, call, locationId, item);
  }
  if ((await catalogue.findItem(item.sku, locationId, call)) === undefined) {
    throw menuItemNotFound(item.sku);
  }
  return await catalogue.putItem(locationId, item, { isOffMenu: false }, call).catch(nameItemField);
}

async function addMenuItem(
  { database, catalogue }: MenuParts,
  call: Call,
  locationId: bigint,
  item: MenuItem,
): Promise<MenuItem> {
  const menu = await catalogue.listMenu(locationId, wholeMenu, call);
  if (menu.length >= menuItemsMax) {
    throw new Failure("failed_precondition", `The menu has ${menuItemsMax} items: remove some first.`, {
      reason: "MENU_FULL",
      metadata: { items_max: `${menuItemsMax}` },
    });
  }
  for (let tried = 0; tried < skusTriedMax; tried += 1) {
    const sku = await database.transaction(nextMenuItemSku);
    if (await catalogue.isTaken(sku, call)) {
      continue;
    }
    try {
      return await catalogue.putItem(locationId, { ...item, sku }, { isOffMenu: false }, call);
    } catch (error) {
      if (!(error instanceof Failure) || error.reason !== "SKU_OF_ANOTHER_PRODUCT") {
        throw itemFieldNamed(error);
      }
    }
  }
  throw new Failure("unavailable", `The next ${skusTriedMax} SKUs for menu items are taken. Try again.`, {
    reason: "NO_FREE_SKU",
  });
}

/** Takes an item off the menu; one that was taken off before stays so. @throws Failure `not_found`. */
export async function removeMenuItem(
  { database, catalogue }: MenuParts,
  call: Call,
  locationId: bigint,
  sku: number,
): Promise<void> {
  await database.read((db) => requireStaff(db, locationId, call));
  const item = await catalogue.findItem(sku, locationId, call);
  if (item === undefined) {
    throw menuItemNotFound(sku);
  }
  await catalogue.putItem(locationId, item, { isOffMenu: true }, call);
}

const wholeMenu: MenuFilter = { name: "", category: "", tag: "", additive: "" };

/** What of a menu fits the filter, by name. @throws Failure `not_found` for a location that is not there. */
export async function listMenu(
  { database, catalogue }: MenuParts,
  call: Call,
  locationId: bigint,
  filter: MenuFilter,
): Promise<MenuItem[]> {
  if ((await database.read((db) => findLocation(db, locationId))) === undefined) {
    throw locationNotFound(locationId);
  }
  const items = await catalogue.listMenu(locationId, filter, call);
  const { compare } = new Intl.Collator("en");
  return items.sort((a, b) => compare(a.name, b.name) || a.sku - b.sku);
}

function checkItem(item: MenuItem): void {
  if (item.name === "") {
    throw invalid("item.name", "must not be blank");
  }
  if (hasControlCharacter(item.name)) {
    throw invalid("item.name", "must not contain control characters");
  }
}

function menuItemNotFound(sku: number): Failure {
  return new Failure("not_found", `The menu has no item with SKU ${sku}.`, {
    reason: "MENU_ITEM_NOT_FOUND",
    metadata: { sku: `${sku}` },
  });
}

function nameItemField(error: unknown): never {
  throw itemFieldNamed(error);
}

/** The catalogue names fields of a product; the caller has sent an item. */
function itemFieldNamed(error: unknown): unknown {
  if (!(error instanceof Failure) || error.details.fieldViolations === undefined) {
    return error;
  }
  const violations = error.details.fieldViolations;
  const named = violations.map(({ field, description }) => ({
    field: field.replace(/^product\.(menu\.)?/, "item."),
    description,
  }));
  const message = named.map(({ field, description }) => `${field}: ${description}.`).join(" ");
  return new Failure(error.kind, message, { ...error.details, fieldViolations: named });
}
