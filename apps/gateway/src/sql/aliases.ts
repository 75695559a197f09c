import type { Queryable, Tx } from "@ordermesh/postgres/tx";

/** The SKU of a product of AngelProj's. */
export async function findSku(db: Queryable, productId: string): Promise<number | undefined> {
  const [row] = await db.query<{ sku: bigint }>(
    "select sku from product_aliases where product_id = $1::uuid",
    [productId],
  );
  return row === undefined ? undefined : Number(row.sku);
}

/** The user that a client of AngelProj's is. */
export async function findUser(db: Queryable, clientId: string): Promise<bigint | undefined> {
  const [row] = await db.query<{ user_id: bigint }>(
    "select user_id from client_aliases where client_id = $1::uuid",
    [clientId],
  );
  return row?.user_id;
}

/** Gives a client id to a user, unless it is somebody's or the user has too many. */
export async function addClient(tx: Tx, clientId: string, userId: bigint, clientsMax: number): Promise<void> {
  await tx.query(
    `insert into client_aliases (client_id, user_id)
     select $1::uuid, $2::bigint
     where (select count(*) from client_aliases where user_id = $2::bigint) < $3::int
     on conflict (client_id) do nothing returning 1 as added`,
    [clientId, userId, clientsMax],
  );
}

/** The version of the cart whose checkout has begun and not ended. */
export async function findOpenCheckout(db: Queryable, clientId: string): Promise<bigint | undefined> {
  const [row] = await db.query<{ cart_version: bigint }>(
    "select cart_version from open_checkouts where client_id = $1::uuid",
    [clientId],
  );
  return row?.cart_version;
}

/** Notes that a checkout begins. @returns the version whose checkout is open, which may be another's. */
export async function openCheckout(tx: Tx, clientId: string, cartVersion: bigint): Promise<bigint> {
  const [row] = await tx.query<{ cart_version: bigint }>(
    `insert into open_checkouts (client_id, cart_version) values ($1::uuid, $2::bigint)
     on conflict (client_id) do update set client_id = excluded.client_id
     returning cart_version`,
    [clientId, cartVersion],
  );
  if (row === undefined) {
    throw new Error(`The checkout of client ${clientId} was neither opened nor found.`);
  }
  return row.cart_version;
}

/** Notes that a checkout has ended. @returns whether it was this call that did. */
export async function closeCheckout(tx: Tx, clientId: string, cartVersion: bigint): Promise<boolean> {
  const rows = await tx.query(
    "delete from open_checkouts where client_id = $1::uuid and cart_version = $2::bigint returning 1 as closed",
    [clientId, cartVersion],
  );
  return rows.length === 1;
}
