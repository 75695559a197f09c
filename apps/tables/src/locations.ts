import type { Database } from "@ordermesh/postgres/database";
import { codeOf } from "@ordermesh/postgres/postgres-failure";
import type { Queryable, Tx } from "@ordermesh/postgres/tx";
import type { Admission } from "@ordermesh/rpc/authorization";
import { alreadyTaken, invalid, locationNotFound, type UniqueField } from "./domain/failures.ts";
import { hasControlCharacter, type Location, type LocationDraft } from "./domain/location.ts";
import { listStaff, lockLocation, replaceStaff } from "./sql/location-staff.ts";
import * as sql from "./sql/locations.ts";
import { requireOwner, requireStaff } from "./staff.ts";

const currencyDefault = "EUR";

/**
 * @param owner.userId 0 for the caller's own.
 * @throws Failure `already_exists` that names the field, for what another location has.
 */
export async function createLocation(
  database: Database,
  { principal }: Pick<Admission, "principal">,
  owner: { readonly userId: bigint; readonly currencyCode: string },
  draft: LocationDraft,
): Promise<Location> {
  checkDraft(draft);
  const ownerUserId = owner.userId || (principal.kind === "user" ? principal.userId : 0n);
  if (ownerUserId === 0n) {
    throw invalid("location.owner_user_id", "is required: a service owns no locations");
  }
  const currencyCode = owner.currencyCode || currencyDefault;
  return await namingTakenField(() =>
    database.transaction((tx) => sql.insertLocation(tx, { ownerUserId, currencyCode }, draft)),
  );
}

/**
 * @param which.currencyCode as the request has it: empty, or what it is anyway.
 * @throws Failure `not_found` for somebody else's; `already_exists` that names the field, for what another one has.
 */
export async function updateLocation(
  database: Database,
  admission: Admission,
  { locationId, currencyCode }: { readonly locationId: bigint; readonly currencyCode: string },
  draft: LocationDraft,
): Promise<Location> {
  async function update(tx: Tx): Promise<Location> {
    const location = await requireOwner(tx, locationId, admission);
    checkDraft(draft);
    if (currencyCode !== "" && currencyCode !== location.currencyCode) {
      throw invalid("location.currency_code", `is ${location.currencyCode}, and can not be changed`);
    }
    return await sql.updateLocation(tx, locationId, draft);
  }
  return await namingTakenField(() => database.transaction(update));
}

/** @throws Failure `not_found`. */
export async function getLocation(db: Queryable, locationId: bigint): Promise<Location> {
  const location = await sql.findLocation(db, locationId);
  if (location === undefined) {
    throw locationNotFound(locationId);
  }
  return location;
}

/** Replaces who works at a location, besides its owner. @throws Failure `not_found` for somebody else's. */
export async function setLocationStaff(
  database: Database,
  admission: Admission,
  locationId: bigint,
  userIds: readonly bigint[],
): Promise<void> {
  await database.transaction(async (tx) => {
    await lockLocation(tx, locationId);
    await requireOwner(tx, locationId, admission);
    replaceStaff(tx, locationId, userIds);
  });
}

/** @throws Failure `not_found` for a location where the caller does not work. */
export async function getLocationStaff(
  db: Queryable,
  admission: Admission,
  locationId: bigint,
): Promise<{ readonly ownerUserId: bigint; readonly userIds: bigint[] }> {
  const { ownerUserId } = await requireStaff(db, locationId, admission);
  return { ownerUserId, userIds: await listStaff(db, locationId) };
}

/** Checks what the contract can not state field by field. */
function checkDraft(draft: LocationDraft): void {
  for (const field of ["name", "address", "website", "telephone"] as const) {
    if (hasControlCharacter(draft[field])) {
      throw invalid(`location.${field}`, "must not contain control characters");
    }
  }
  for (const field of ["name", "address"] as const) {
    if (draft[field] === "") {
      throw invalid(`location.${field}`, "must not be blank");
    }
  }
  if ([...draft.categories, ...draft.tags].some(hasControlCharacter)) {
    throw invalid("location", "categories and tags must not contain control characters");
  }
}

const fieldOfIndex: Readonly<Record<string, UniqueField>> = {
  locations_by_name: "name",
  locations_by_address: "address",
  locations_by_position: "position",
};

/** The indexes decide, so that of two calls at the same time one is refused. */
async function namingTakenField<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const index =
      codeOf(error) === "23505" ? (error as { constraint_name?: string }).constraint_name : undefined;
    const field = fieldOfIndex[index ?? ""];
    throw field === undefined ? error : alreadyTaken(field);
  }
}
