import { arrayLiteral, type Queryable, type Tx } from "@ordermesh/postgres/tx";

/** Besides the owner, by ascending id. */
export async function listStaff(db: Queryable, locationId: bigint): Promise<bigint[]> {
  const rows = await db.query<{ user_id: bigint }>(
    "select user_id from location_staff where location_id = $1::bigint order by user_id",
    [locationId],
  );
  return rows.map((row) => row.user_id);
}

/** Replaces them all. The caller has locked the location. */
export function replaceStaff(tx: Tx, locationId: bigint, userIds: readonly bigint[]): void {
  const parameters = [locationId, arrayLiteral(userIds)];
  tx.execute(
    "delete from location_staff where location_id = $1::bigint and user_id <> all($2::bigint[])",
    parameters,
  );
  tx.execute(
    `insert into location_staff (location_id, user_id)
     select $1::bigint, user_id from unnest($2::bigint[]) as s (user_id) on conflict do nothing`,
    parameters,
  );
}

/** So that of two replacements at the same time one comes after the other. */
export async function lockLocation(tx: Tx, locationId: bigint): Promise<void> {
  await tx.query("select 1 as one from locations where id = $1::bigint for no key update", [locationId]);
}

export async function nextMenuItemSku(tx: Tx): Promise<number> {
  const [row] = await tx.query<{ sku: bigint }>("select nextval('menu_item_skus') as sku");
  return Number(row?.sku);
}
