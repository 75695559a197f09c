import { Failure } from "@ordermesh/failure/failure";

/** What is wrong with a request, by the field that has to change. */
export function invalid(field: string, description: string): Failure {
  return new Failure("invalid_argument", `${field}: ${description}.`, {
    reason: "INVALID_LOCATION",
    fieldViolations: [{ field, description }],
  });
}

/** Also for a location that exists, where the caller is not one of its staff. */
export function locationNotFound(locationId: bigint): Failure {
  return new Failure("not_found", `There is no location ${locationId}, or it is not yours.`, {
    reason: "LOCATION_NOT_FOUND",
    metadata: { location_id: `${locationId}` },
  });
}

/** What no two locations may share. */
export type UniqueField = "name" | "address" | "position";

export function alreadyTaken(field: UniqueField): Failure {
  const description = `is another location's`;
  return new Failure("already_exists", `location.${field}: ${description}.`, {
    reason: `LOCATION_${field.toUpperCase()}_TAKEN`,
    metadata: { field },
    fieldViolations: [{ field: `location.${field}`, description }],
  });
}
