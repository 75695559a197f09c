import type { Queryable } from "@ordermesh/postgres/tx";
import { boxesAround } from "./domain/geography.ts";
import type { Position } from "./domain/location.ts";
import { findNearbyLocations, type NearbyLocation } from "./sql/location-search.ts";

const radiusDefaultMeters = 10_000;
const countDefault = 50;

/**
 * Locations around a position, nearest first.
 *
 * @param radiusMeters 0 means 10,000.
 * @param count 0 means 50.
 */
export async function findNearby(
  db: Queryable,
  position: Position,
  radiusMeters: number,
  count: number,
): Promise<NearbyLocation[]> {
  const radius = radiusMeters || radiusDefaultMeters;
  return await findNearbyLocations(
    db,
    position,
    radius,
    count || countDefault,
    boxesAround(position, radius),
  );
}
