import type { Queryable, Tx } from "@ordermesh/postgres/tx";

/** The sealed token of the gateway's guest in a session. */
export async function findCodeGuest(db: Queryable, sessionId: bigint): Promise<Uint8Array | undefined> {
  const [row] = await db.query<{ sealed_token: Uint8Array }>(
    "select sealed_token from code_guests where session_id = $1::bigint",
    [sessionId],
  );
  return row?.sealed_token;
}

/** Keeps the token, unless one is kept already. @returns the one that is. */
export async function keepCodeGuest(tx: Tx, sessionId: bigint, sealedToken: Uint8Array): Promise<Uint8Array> {
  const [row] = await tx.query<{ sealed_token: Uint8Array }>(
    `insert into code_guests (session_id, sealed_token) values ($1::bigint, $2::bytea)
     on conflict (session_id) do update set session_id = excluded.session_id
     returning sealed_token`,
    [sessionId, sealedToken],
  );
  if (row === undefined) {
    throw new Error(`The guest of session ${sessionId} was neither kept nor found.`);
  }
  return row.sealed_token;
}

/** Forgets a token that is not good any more, unless another has taken its place. */
export function forgetCodeGuest(tx: Tx, sessionId: bigint, sealedToken: Uint8Array): void {
  tx.execute("delete from code_guests where session_id = $1::bigint and sealed_token = $2::bytea", [
    sessionId,
    sealedToken,
  ]);
}

/** Removes guests that joined days ago, the oldest first: their sessions are over. @returns how many. */
export async function pruneCodeGuests(tx: Tx, countMax: number): Promise<number> {
  const rows = await tx.query(
    `delete from code_guests where session_id in (
       select session_id from code_guests where joined_at < now() - interval '7 days'
       order by joined_at limit $1::int for update skip locked
     ) returning 1 as pruned`,
    [countMax],
  );
  return rows.length;
}
