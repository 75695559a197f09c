import type { Queryable } from "@ordermesh/postgres/tx";
import type { Admission } from "@ordermesh/rpc/authorization";
import { locationNotFound } from "./domain/failures.ts";
import type { Location } from "./domain/location.ts";
import { findLocation, findLocationForStaff } from "./sql/locations.ts";

/**
 * Lets the staff of a location pass: its owner, whom the owner named, and callers that may act for everybody.
 *
 * @throws Failure `not_found` for everybody else, as if the location did not exist.
 */
export async function requireStaff(
  db: Queryable,
  locationId: bigint,
  { limitedToUserId }: Pick<Admission, "limitedToUserId">,
): Promise<Location> {
  const location =
    limitedToUserId === undefined
      ? await findLocation(db, locationId)
      : await findLocationForStaff(db, locationId, limitedToUserId);
  if (location === undefined) {
    throw locationNotFound(locationId);
  }
  return location;
}

/**
 * Lets the owner of a location pass, and callers that may act for everybody.
 *
 * @throws Failure `not_found` for everybody else, also for the rest of the staff.
 */
export async function requireOwner(
  db: Queryable,
  locationId: bigint,
  { limitedToUserId }: Pick<Admission, "limitedToUserId">,
): Promise<Location> {
  const location = await findLocation(db, locationId);
  if (location === undefined || (limitedToUserId ?? location.ownerUserId) !== location.ownerUserId) {
    throw locationNotFound(locationId);
  }
  return location;
}
