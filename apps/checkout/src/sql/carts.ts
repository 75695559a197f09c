import { arrayLiteral, type Queryable, type Tx } from "@ordermesh/postgres/tx";
import type { Cart, CartLine } from "../domain/cart.ts";

/** A cart whose row this transaction has locked, as everything does that changes its lines or its purchases. */
export interface LockedCart {
  readonly cartId: string;
  readonly version: bigint;
}

/** Makes the user's cart if there is none yet. */
export function insertCart(tx: Tx, userId: bigint): void {
  tx.execute("insert into carts (user_id) values ($1::bigint) on conflict (user_id) do nothing", [userId]);
}

/** Undefined if the user never had a cart. */
export async function lockCart(tx: Tx, userId: bigint): Promise<LockedCart | undefined> {
  const [row] = await tx.query<{ cart_id: string; version: bigint }>(
    "select cart_id, version from carts where user_id = $1::bigint for no key update",
    [userId],
  );
  return row === undefined ? undefined : { cartId: row.cart_id, version: row.version };
}

/** Moves the version of a locked cart by one, and returns the new one. */
export async function moveVersion(tx: Tx, userId: bigint): Promise<bigint> {
  const [row] = await tx.query<{ version: bigint }>(
    "update carts set version = version + 1 where user_id = $1::bigint returning version",
    [userId],
  );
  if (row === undefined) {
    throw new Error(`User ${userId} has no cart whose version could be moved.`);
  }
  return row.version;
}

/** Lines and version of one moment: one statement, so that no change comes between them. */
export async function readCart(db: Queryable, userId: bigint): Promise<Cart> {
  const rows = await db.query<{ version: bigint; sku: bigint | null; quantity: number | null }>(
    `select c.version, l.sku, l.quantity
     from carts c left join cart_lines l on l.user_id = c.user_id
     where c.user_id = $1::bigint
     order by l.sku`,
    [userId],
  );
  return {
    version: rows[0]?.version ?? 0n,
    lines: rows.flatMap(({ sku, quantity }) =>
      sku === null || quantity === null ? [] : [{ sku: Number(sku), quantity }],
    ),
  };
}

/** How many lines the cart has, and how many units of one SKU. */
export async function findLine(
  tx: Tx,
  userId: bigint,
  sku: number,
): Promise<{ readonly lineCount: number; readonly quantity: number }> {
  const [row] = await tx.query<{ line_count: number; quantity: number }>(
    `select count(*)::int as line_count, coalesce(max(quantity) filter (where sku = $2::bigint), 0) as quantity
     from cart_lines where user_id = $1::bigint`,
    [userId, sku],
  );
  return { lineCount: row?.line_count ?? 0, quantity: row?.quantity ?? 0 };
}

/** Sets the quantity of one SKU, above 0. */
export function upsertLine(tx: Tx, userId: bigint, { sku, quantity }: CartLine): void {
  tx.execute(
    `insert into cart_lines (user_id, sku, quantity) values ($1::bigint, $2::bigint, $3::int)
     on conflict (user_id, sku) do update set quantity = excluded.quantity`,
    [userId, sku, quantity],
  );
}

/** Takes units out of the cart, each SKU once. Lines of which nothing is left go, and what is not there is not missed. */
export function subtractLines(tx: Tx, userId: bigint, lines: readonly CartLine[]): void {
  const parameters = [
    userId,
    arrayLiteral(lines.map((line) => line.sku)),
    arrayLiteral(lines.map((line) => line.quantity)),
  ];
  const taken = "unnest($2::bigint[], $3::int[]) as taken (sku, quantity)";
  const sameLine = "l.user_id = $1::bigint and l.sku = taken.sku";
  tx.execute(
    `delete from cart_lines l using ${taken} where ${sameLine} and l.quantity <= taken.quantity`,
    parameters,
  );
  // Only then, because what is left of a line may be less than what was taken.
  tx.execute(
    `update cart_lines l set quantity = l.quantity - taken.quantity from ${taken}
     where ${sameLine} and l.quantity > taken.quantity`,
    parameters,
  );
}
