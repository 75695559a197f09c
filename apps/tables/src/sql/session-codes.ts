import type { Queryable, Tx } from "@ordermesh/postgres/tx";

/** @returns false if the code leads to another session, or did so not long ago. */
export async function claimCode(tx: Tx, code: string, sessionId: bigint): Promise<boolean> {
  const claimed = await tx.query(
    `insert into session_codes (code, session_id) values ($1, $2::bigint) on conflict do nothing returning 1`,
    [code, sessionId],
  );
  return claimed.length > 0;
}

/** Where a code leads. `isLive`: it can be joined with. */
export async function findByCode(
  db: Queryable,
  code: string,
): Promise<{ readonly sessionId: bigint; readonly isLive: boolean } | undefined> {
  const [row] = await db.query<{ session_id: bigint; is_live: boolean }>(
    `select session_id, retired_at is null as is_live from session_codes where code = $1`,
    [code],
  );
  return row && { sessionId: row.session_id, isLive: row.is_live };
}

/** No code of this session can be joined with from now on. */
export function retireCodes(tx: Tx, sessionId: bigint): void {
  tx.execute(
    `update session_codes set retired_at = now() where session_id = $1::bigint and retired_at is null`,
    [sessionId],
  );
}

/** Gives back codes that have led nowhere for long enough. */
export function deleteRetiredCodes(tx: Tx, keepDays: number, countMax: number): void {
  tx.execute(
    `delete from session_codes where code in (
       select code from session_codes where retired_at < now() - $1::int * interval '1 day'
       order by retired_at limit $2 for update skip locked
     )`,
    [keepDays, countMax],
  );
}
