import { type Queryable, type Tx, textArrayLiteral } from "@ordermesh/postgres/tx";
import { keyOf, type Location, type LocationDraft, type OpeningHours } from "../domain/location.ts";

export const locationColumns = `l.id, l.owner_user_id, l.name, l.description, l.address, l.latitude, l.longitude, l.website,
  l.telephone, to_json(l.categories) as categories, to_json(l.tags) as tags, l.opening_hours, l.currency_code,
  l.created_at`;

export async function findLocation(db: Queryable, id: bigint): Promise<Location | undefined> {
  const rows = await db.query<LocationRow>(
    `select ${locationColumns} from locations l where l.id = $1::bigint`,
    [id],
  );
  return rows.map(locationOf)[0];
}

/** The location, if this user is its owner or one of its staff. */
export async function findLocationForStaff(
  db: Queryable,
  id: bigint,
  userId: bigint,
): Promise<Location | undefined> {
  const rows = await db.query<LocationRow>(
    `select ${locationColumns} from locations l
     where l.id = $1::bigint and (l.owner_user_id = $2::bigint or exists (
       select from location_staff s where s.location_id = l.id and s.user_id = $2::bigint
     ))`,
    [id, userId],
  );
  return rows.map(locationOf)[0];
}

/** Whether this user is a location's owner or one of its staff. */
export async function isStaff(db: Queryable, locationId: bigint, userId: bigint): Promise<boolean> {
  const rows = await db.query(
    `select from locations l where l.id = $1::bigint and (l.owner_user_id = $2::bigint or exists (
       select from location_staff s where s.location_id = l.id and s.user_id = $2::bigint
     ))`,
    [locationId, userId],
  );
  return rows.length > 0;
}

/** @throws PostgreSQL's 23505 with the name of an index, for what another location has. */
export async function insertLocation(
  tx: Tx,
  owner: { readonly ownerUserId: bigint; readonly currencyCode: string },
  draft: LocationDraft,
): Promise<Location> {
  const rows = await tx.query<LocationRow>(
    `insert into locations as l (
       owner_user_id, currency_code, name, name_key, description, address, address_key, latitude, longitude, website,
       telephone, categories, category_keys, tags, tag_keys, opening_hours
     ) values (
       $1::bigint, $2, $3, $4, $5, $6, $7, $8::float8, $9::float8, $10, $11, $12::text[], $13::text[], $14::text[],
       $15::text[], $16::text::jsonb
     ) returning ${locationColumns}`,
    [owner.ownerUserId, owner.currencyCode, ...valuesOf(draft)],
  );
  return onlyRow(rows);
}

/** @throws PostgreSQL's 23505 with the name of an index, for what another location has. */
export async function updateLocation(tx: Tx, id: bigint, draft: LocationDraft): Promise<Location> {
  const rows = await tx.query<LocationRow>(
    `update locations l set name = $2, name_key = $3, description = $4, address = $5, address_key = $6,
       latitude = $7::float8, longitude = $8::float8, website = $9, telephone = $10, categories = $11::text[],
       category_keys = $12::text[], tags = $13::text[], tag_keys = $14::text[], opening_hours = $15::text::jsonb
     where id = $1::bigint returning ${locationColumns}`,
    [id, ...valuesOf(draft)],
  );
  return onlyRow(rows);
}

function valuesOf(draft: LocationDraft) {
  return [
    draft.name,
    keyOf(draft.name),
    draft.description,
    draft.address,
    keyOf(draft.address),
    draft.position?.latitude ?? null,
    draft.position?.longitude ?? null,
    draft.website,
    draft.telephone,
    textArrayLiteral(draft.categories),
    textArrayLiteral(draft.categories.map(keyOf)),
    textArrayLiteral(draft.tags),
    textArrayLiteral(draft.tags.map(keyOf)),
    JSON.stringify(draft.openingHours),
  ];
}

function onlyRow(rows: readonly LocationRow[]): Location {
  const [row] = rows;
  if (row === undefined) {
    throw new Error("A location was neither inserted nor updated.");
  }
  return locationOf(row);
}

export interface LocationRow {
  readonly id: bigint;
  readonly owner_user_id: bigint;
  readonly name: string;
  readonly description: string;
  readonly address: string;
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly website: string;
  readonly telephone: string;
  readonly categories: string[];
  readonly tags: string[];
  readonly opening_hours: OpeningHours[];
  readonly currency_code: string;
  readonly created_at: Date;
}

export function locationOf(row: LocationRow): Location {
  const { latitude, longitude } = row;
  return {
    id: row.id,
    ownerUserId: row.owner_user_id,
    name: row.name,
    description: row.description,
    address: row.address,
    position: latitude === null || longitude === null ? undefined : { latitude, longitude },
    website: row.website,
    telephone: row.telephone,
    categories: row.categories,
    tags: row.tags,
    openingHours: row.opening_hours,
    currencyCode: row.currency_code,
    createdAt: row.created_at,
  };
}
