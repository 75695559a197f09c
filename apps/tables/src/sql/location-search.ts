import { arrayLiteral, type Queryable } from "@ordermesh/postgres/tx";
import type { Box } from "../domain/geography.ts";
import { keyOf, type Location, type Position } from "../domain/location.ts";
import { type LocationRow, locationColumns, locationOf } from "./locations.ts";

/** What is looked for; what is empty or undefined does not matter. */
export interface LocationFilter {
  readonly ownerUserId: bigint | undefined;
  readonly staffUserId: bigint | undefined;
  readonly name: string;
  readonly category: string;
  readonly tag: string;
}

/** By ascending id. */
export async function listLocations(
  db: Queryable,
  { ownerUserId, staffUserId, name, category, tag }: LocationFilter,
  afterId: bigint,
  countMax: number,
): Promise<Location[]> {
  const parameters: (string | bigint | number)[] = [afterId, countMax];
  const given = (value: string | bigint) => `$${parameters.push(value)}`;
  const conditions = ["l.id > $1::bigint"];
  if (ownerUserId !== undefined) {
    conditions.push(`l.owner_user_id = ${given(ownerUserId)}::bigint`);
  }
  if (staffUserId !== undefined) {
    const user = given(staffUserId);
    conditions.push(
      `l.id in (select id from locations where owner_user_id = ${user}::bigint
         union all select location_id from location_staff where user_id = ${user}::bigint)`,
    );
  }
  // No pattern: signs that mean something in one are text here.
  if (keyOf(name) !== "") {
    conditions.push(`position(${given(keyOf(name))}::text in l.name_key) > 0`);
  }
  if (keyOf(category) !== "") {
    conditions.push(`l.category_keys @> array[${given(keyOf(category))}::text]`);
  }
  if (keyOf(tag) !== "") {
    conditions.push(`l.tag_keys @> array[${given(keyOf(tag))}::text]`);
  }
  const rows = await db.query<LocationRow>(
    `select ${locationColumns} from locations l where ${conditions.join(" and ")} order by l.id limit $2::int`,
    parameters,
  );
  return rows.map(locationOf);
}

export interface NearbyLocation {
  readonly location: Location;
  readonly distanceMeters: number;
}

/** For everybody to read the plan of, too: the boxes are looked up in the index, and only what lies in them is measured. */
export const nearbyStatement = `
  select * from (
    select ${locationColumns}, great_circle_meters($1::float8, $2::float8, l.latitude, l.longitude) as distance_meters
    from unnest($5::float8[], $6::float8[], $7::float8[], $8::float8[]) as b (west, south, east, north)
    join locations l on point(l.longitude, l.latitude) <@ box(point(b.west, b.south), point(b.east, b.north))
  ) as near
  where distance_meters <= $3::float8
  order by distance_meters, id
  limit $4::int`;

/** What lies in one of the boxes and within the radius, nearest first. The boxes have no place in common. */
export async function findNearbyLocations(
  db: Queryable,
  from: Position,
  radiusMeters: number,
  countMax: number,
  boxes: readonly Box[],
): Promise<NearbyLocation[]> {
  const rows = await db.query<LocationRow & { readonly distance_meters: number }>(nearbyStatement, [
    from.latitude,
    from.longitude,
    radiusMeters,
    countMax,
    arrayLiteral(boxes.map(({ west }) => west)),
    arrayLiteral(boxes.map(({ south }) => south)),
    arrayLiteral(boxes.map(({ east }) => east)),
    arrayLiteral(boxes.map(({ north }) => north)),
  ]);
  return rows.map((row) => ({ location: locationOf(row), distanceMeters: row.distance_meters }));
}
