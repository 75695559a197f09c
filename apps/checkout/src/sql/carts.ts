import { arrayLiteral, type Queryable, type Tx } from "@ordermesh/postgres/tx";
import type { Cart, CartLine } from "../domain/cart.ts";

/** A cart whose row this transaction has locked, as everything does that changes its lines or its purchases. */
export interface LockedCart {
  readonly userId: bigint;
  readonly cartId: string;
  readonly version: bigint;
}

/** One SKU of one user's cart. */
export interface UserLine extends CartLine {
  readonly userId: bigint;
}

/** Makes carts for those users who have none yet. */
export function insertCarts(tx: Tx, userIds: readonly bigint[]): void {
  if (userIds.length === 0) {
    return;
  }
  tx.execute("insert into carts (user_id) select unnest($1::bigint[]) on conflict (user_id) do nothing", [
    arrayLiteral(userIds),
  ]);
}

/** Locks carts by user, which keeps two batches from waiting for each other. Users who never had one are left out. */
export async function lockCarts(tx: Tx, userIds: readonly bigint[]): Promise<LockedCart[]> {
  const rows = await tx.query<{ user_id: bigint; cart_id: string; version: bigint }>(
    `select user_id, cart_id, version from carts
     where user_id = any($1::bigint[]) order by user_id for no key update`,
    [arrayLiteral(userIds)],
  );
  return rows.map((row) => ({ userId: row.user_id, cartId: row.cart_id, version: row.version }));
}

/** Sets the versions of locked carts, each user once. */
export function updateVersions(
  tx: Tx,
  carts: readonly { readonly userId: bigint; readonly version: bigint }[],
): void {
  if (carts.length === 0) {
    return;
  }
  tx.execute(
    `update carts set version = moved.version from unnest($1::bigint[], $2::bigint[]) as moved (user_id, version)
     where carts.user_id = moved.user_id`,
    [arrayLiteral(carts.map((cart) => cart.userId)), arrayLiteral(carts.map((cart) => cart.version))],
  );
}

/** A cart, and whether a purchase of this very version has begun. */
export interface ReadCart extends Cart {
  readonly isBeingOrdered: boolean;
}

/** Lines and versions of one moment: one statement, so that no change comes between them. */
export async function readCarts(db: Queryable, userIds: readonly bigint[]): Promise<Map<bigint, ReadCart>> {
  const rows = await db.query<{
    user_id: bigint;
    version: bigint;
    is_being_ordered: boolean;
    sku: bigint | null;
    quantity: number | null;
  }>(
    `select c.user_id, c.version, l.sku, l.quantity, p.user_id is not null as is_being_ordered
     from carts c
     left join cart_lines l on l.user_id = c.user_id
     left join purchases p on p.user_id = c.user_id and p.cart_version = c.version
     where c.user_id = any($1::bigint[])
     order by c.user_id, l.sku`,
    [arrayLiteral(userIds)],
  );
  const carts = new Map<bigint, ReadCart & { readonly lines: CartLine[] }>();
  for (const { user_id: userId, version, is_being_ordered: isBeingOrdered, sku, quantity } of rows) {
    const cart = carts.get(userId) ?? { version, isBeingOrdered, lines: [] };
    carts.set(userId, cart);
    if (sku !== null && quantity !== null) {
      cart.lines.push({ sku: Number(sku), quantity });
    }
  }
  return carts;
}

/** Those lines that are there, of the users and SKUs that are asked for. */
export async function findLines(
  tx: Tx,
  wanted: readonly { readonly userId: bigint; readonly sku: number }[],
): Promise<UserLine[]> {
  const rows = await tx.query<{ user_id: bigint; sku: bigint; quantity: number }>(
    `select l.user_id, l.sku, l.quantity
     from unnest($1::bigint[], $2::bigint[]) as wanted (user_id, sku)
     join cart_lines l on l.user_id = wanted.user_id and l.sku = wanted.sku`,
    [arrayLiteral(wanted.map((line) => line.userId)), arrayLiteral(wanted.map((line) => line.sku))],
  );
  return rows.map((row) => ({ userId: row.user_id, sku: Number(row.sku), quantity: row.quantity }));
}

/** How many lines each cart has. Empty ones are left out. */
export async function countLines(tx: Tx, userIds: readonly bigint[]): Promise<Map<bigint, number>> {
  const rows = await tx.query<{ user_id: bigint; line_count: number }>(
    `select user_id, count(*)::int as line_count from cart_lines
     where user_id = any($1::bigint[]) group by user_id`,
    [arrayLiteral(userIds)],
  );
  return new Map(rows.map((row) => [row.user_id, row.line_count]));
}

/** Sets quantities above 0, each user and SKU once. */
export function upsertLines(tx: Tx, lines: readonly UserLine[]): void {
  if (lines.length === 0) {
    return;
  }
  tx.execute(
    `insert into cart_lines (user_id, sku, quantity) select * from unnest($1::bigint[], $2::bigint[], $3::int[])
     on conflict (user_id, sku) do update set quantity = excluded.quantity`,
    columnsOf(lines),
  );
}

/**
 * Takes units out of carts, each user and SKU once. Lines of which nothing is left go, and what is not there is not
 * missed.
 */
export function subtractLines(tx: Tx, lines: readonly UserLine[]): void {
  if (lines.length === 0) {
    return;
  }
  const taken = "unnest($1::bigint[], $2::bigint[], $3::int[]) as taken (user_id, sku, quantity)";
  const sameLine = "l.user_id = taken.user_id and l.sku = taken.sku";
  tx.execute(
    `delete from cart_lines l using ${taken} where ${sameLine} and l.quantity <= taken.quantity`,
    columnsOf(lines),
  );
  // Only then, because what is left of a line may be less than what was taken.
  tx.execute(
    `update cart_lines l set quantity = l.quantity - taken.quantity from ${taken}
     where ${sameLine} and l.quantity > taken.quantity`,
    columnsOf(lines),
  );
}

function columnsOf(lines: readonly UserLine[]): string[] {
  return [
    arrayLiteral(lines.map((line) => line.userId)),
    arrayLiteral(lines.map((line) => line.sku)),
    arrayLiteral(lines.map((line) => line.quantity)),
  ];
}
