import type { Tx } from "@ordermesh/postgres/tx";
import type { OrderStatus } from "../domain/order.ts";
import type { VoucherCodeState } from "../domain/voucher.ts";

/** Where a code belongs. */
export interface FoundCode {
  readonly orderId: bigint;
  readonly number: number;
  /** What was sold. */
  readonly sku: number;
}

/** @returns undefined if there is no code with this hash. */
export async function findCodeByHash(tx: Tx, hash: Buffer): Promise<FoundCode | undefined> {
  const [row] = await tx.query<{ order_id: bigint; number: number; sku: bigint }>(
    `select c.order_id, c.number, l.sku from voucher_codes c join order_lines l on l.order_id = c.order_id
     where c.code_hash = $1::bytea`,
    [hash],
  );
  return row === undefined ? undefined : { orderId: row.order_id, number: row.number, sku: Number(row.sku) };
}

/** A code whose order this transaction has locked, which guards all of its codes. */
export interface LockedCode {
  readonly orderStatus: OrderStatus;
  readonly state: VoucherCodeState;
  /** By the database's clock, after the lock was taken. */
  readonly isPastValidity: boolean;
  /** Of a used one. */
  readonly usedBy: string | undefined;
  readonly usedKey: string;
  /** Of its order, with this one. */
  readonly unused: number;
}

export async function lockCode(
  tx: Tx,
  { orderId, number }: Pick<FoundCode, "orderId" | "number">,
): Promise<LockedCode> {
  // Locked by a statement of its own: the next one sees what others have committed meanwhile.
  await tx.query("select from orders where id = $1::bigint for no key update", [`${orderId}`]);
  const [row] = await tx.query<{
    order_status: OrderStatus;
    state: VoucherCodeState;
    is_past_validity: boolean;
    used_by: string | null;
    used_key: string;
    unused: bigint;
  }>(
    `select o.status as order_status, c.state, t.valid_until <= clock_timestamp() as is_past_validity, c.used_by,
       c.used_key,
       (select count(*) from voucher_codes u where u.order_id = o.id and u.state = 'unused') as unused
     from voucher_codes c
     join voucher_terms t on t.order_id = c.order_id
     join orders o on o.id = c.order_id
     where c.order_id = $1::bigint and c.number = $2::int`,
    [`${orderId}`, number],
  );
  if (row === undefined) {
    throw new Error(`Code ${number} of order ${orderId} is gone, although codes are never deleted.`);
  }
  return {
    orderStatus: row.order_status,
    state: row.state,
    isPastValidity: row.is_past_validity,
    usedBy: row.used_by ?? undefined,
    usedKey: row.used_key,
    unused: Number(row.unused),
  };
}

/** Uses a code. The state is asked again although the lock makes it certain: a code is good once. */
export async function useCode(
  tx: Tx,
  { orderId, number }: Pick<FoundCode, "orderId" | "number">,
  usedBy: string,
  usedKey: string,
): Promise<void> {
  const rows = await tx.query(
    `update voucher_codes set state = 'used', changed_at = now(), used_by = $3, used_key = $4
     where order_id = $1::bigint and number = $2::int and state = 'unused' returning 1 as one`,
    [`${orderId}`, number, usedBy, usedKey],
  );
  if (rows.length !== 1) {
    throw new Error(`Code ${number} of order ${orderId} was used by somebody else, in spite of the lock.`);
  }
}

/** As many at once, and one more after each interval. */
export interface TryLimit {
  readonly triesMax: number;
  readonly everyMs: number;
}

/**
 * Takes a caller's turn: others with the same name wait, so that guesses that come at the same time count one by one.
 *
 * @returns how long the caller has to wait for the next try; 0 if it may try now.
 */
export async function lockGuesses(tx: Tx, caller: string, { triesMax, everyMs }: TryLimit): Promise<number> {
  const [row] = await tx.query<{ wait_ms: number }>(
    `insert into voucher_guesses as g (caller, free_at) values ($1, clock_timestamp())
     on conflict (caller) do update set free_at = g.free_at
     returning extract(epoch from free_at - clock_timestamp())::float8 * 1000 - $2::bigint as wait_ms`,
    [caller, (triesMax - 1) * everyMs],
  );
  return Math.max(0, row?.wait_ms ?? 0);
}

/** Counts a guess that was wrong. */
export function countGuess(tx: Tx, caller: string, { everyMs }: TryLimit): void {
  tx.execute(
    `update voucher_guesses set free_at = greatest(free_at, clock_timestamp()) + $2::bigint * interval '1 millisecond'
     where caller = $1`,
    [caller, everyMs],
  );
}

/** What was sold, for the counter's display. */
export async function findLineOfCode(
  tx: Tx,
  orderId: bigint,
): Promise<{ readonly sku: number; readonly quantity: number; readonly name: string } | undefined> {
  const [row] = await tx.query<{ sku: bigint; quantity: number; name: string }>(
    "select sku, quantity, name from order_lines where order_id = $1::bigint",
    [`${orderId}`],
  );
  return row && { sku: Number(row.sku), quantity: row.quantity, name: row.name };
}
