import { create, type JsonObject, type JsonValue } from "@bufbuild/protobuf";
import {
  type Location,
  LocationSchema,
  type Position,
  PositionSchema,
} from "@ordermesh/proto/ordermesh/tables/v1/location_pb";
import { namesOf, objectOf, refuseOthers, textOf } from "./json-input.ts";
import { malformedJson } from "./reasons.ts";

const fields = [
  "name",
  "description",
  "address",
  "user_id",
  "latitude",
  "longitude",
  "website",
  "telephone",
  "categories",
  "tags",
];

/** Digits after the point of a coordinate, which was a decimal there and so is a text in JSON. */
const coordinateDigits = 8;

/** A location as ordered-online wrote it. */
export function locationShape(location: Location): object {
  const { position } = location;
  return {
    id: Number(location.locationId),
    name: location.name,
    description: location.description,
    address: location.address,
    user_id: Number(location.ownerUserId),
    latitude: position === undefined ? null : position.latitude.toFixed(coordinateDigits),
    longitude: position === undefined ? null : position.longitude.toFixed(coordinateDigits),
    website: location.website === "" ? null : location.website,
    telephone: location.telephone === "" ? null : location.telephone,
    categories: namesShape(location.categories),
    tags: namesShape(location.tags),
  };
}

export function namesShape(names: readonly string[]): object[] {
  return names.map((name) => ({ name }));
}

/**
 * What a body says about a location. Whose it is, is not asked: it is the caller's.
 *
 * @param before keeps what that system did not know, and the names that are not given.
 * @throws Refusal `malformed_json`.
 */
export function locationOf(value: JsonValue | undefined, ownerUserId: bigint, before?: Location): Location {
  const input = objectOf(value);
  refuseOthers(input, fields);
  const position = positionOf(input);
  return create(LocationSchema, {
    ...(before !== undefined && {
      locationId: before.locationId,
      openingHours: before.openingHours,
      currencyCode: before.currencyCode,
    }),
    ownerUserId,
    name: textOf(input.name),
    description: textOf(input.description),
    address: textOf(input.address),
    website: textOf(input.website),
    telephone: textOf(input.telephone),
    ...(position !== undefined && { position }),
    categories: namesOf(input.categories) ?? before?.categories ?? [],
    tags: namesOf(input.tags) ?? before?.tags ?? [],
  });
}

function positionOf({ latitude, longitude }: JsonObject): Position | undefined {
  const isMissing = (value: JsonValue | undefined) => value === undefined || value === null;
  if (isMissing(latitude) && isMissing(longitude)) {
    return undefined;
  }
  const position = { latitude: coordinateOf(latitude), longitude: coordinateOf(longitude) };
  return create(PositionSchema, position);
}

function coordinateOf(value: JsonValue | undefined): number {
  const text = typeof value === "number" || typeof value === "string" ? `${value}`.trim() : "";
  if (!/^[+-]?\d{1,3}(\.\d{1,20})?$/.test(text)) {
    throw malformedJson();
  }
  // As many digits as that system kept, so that the same coordinates are the same position.
  return Number(Number(text).toFixed(coordinateDigits));
}
