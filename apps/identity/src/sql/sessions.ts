import type { Tx } from "@ordermesh/postgres/tx";

/** A refresh token as it was found, with the login that it came of. */
export interface FoundToken {
  readonly sessionId: string;
  readonly userId: bigint;
  /** Since it was used, in milliseconds; undefined for one that was not. */
  readonly usedForMs: number | undefined;
  /** The login has ended: by a logout, by a token that came twice, or by its age. */
  readonly isOver: boolean;
}

export function insertSession(tx: Tx, session: { id: string; userId: bigint; lifetimeMs: number }): void {
  tx.execute(
    `insert into sessions (id, user_id, created_at, expires_at)
     values ($1::uuid, $2::bigint, clock_timestamp(), clock_timestamp() + $3::bigint * interval '1 millisecond')`,
    [session.id, session.userId, session.lifetimeMs],
  );
}

export function insertRefreshToken(tx: Tx, tokenHash: Uint8Array, sessionId: string): void {
  tx.execute("insert into refresh_tokens (token_hash, session_id) values ($1::bytea, $2::uuid)", [
    tokenHash,
    sessionId,
  ]);
}

/** Locks the login, so that of two who use the same token one comes first. */
export async function lockRefreshToken(tx: Tx, tokenHash: Uint8Array): Promise<FoundToken | undefined> {
  const [session] = await tx.query<{ id: string }>(
    `select id from sessions where id = (select session_id from refresh_tokens where token_hash = $1::bytea)
     for update`,
    [tokenHash],
  );
  if (session === undefined) {
    return undefined;
  }
  // A statement of its own, to see what whoever held the lock has written.
  const [row] = await tx.query<{ user_id: bigint; used_for_ms: number | null; is_over: boolean }>(
    `select s.user_id, (extract(epoch from clock_timestamp() - t.used_at) * 1000)::float8 as used_for_ms,
       s.ended_at is not null or s.expires_at <= clock_timestamp() as is_over
     from refresh_tokens t join sessions s on s.id = t.session_id where t.token_hash = $1::bytea`,
    [tokenHash],
  );
  return row === undefined
    ? undefined
    : {
        sessionId: session.id,
        userId: row.user_id,
        usedForMs: row.used_for_ms ?? undefined,
        isOver: row.is_over,
      };
}

/** Whether there is such a token and it can still be used. */
export async function isUnused(tx: Tx, tokenHash: Uint8Array): Promise<boolean> {
  const [row] = await tx.query<{ is_unused: boolean }>(
    "select used_at is null as is_unused from refresh_tokens where token_hash = $1::bytea",
    [tokenHash],
  );
  return row?.is_unused ?? false;
}

export function markUsed(tx: Tx, tokenHash: Uint8Array): void {
  tx.execute("update refresh_tokens set used_at = clock_timestamp() where token_hash = $1::bytea", [
    tokenHash,
  ]);
}

export function endSession(tx: Tx, sessionId: string, reason: "logout" | "reuse"): void {
  tx.execute(
    `update sessions set ended_at = clock_timestamp(), end_reason = $2::text
     where id = $1::uuid and ended_at is null`,
    [sessionId, reason],
  );
}

/** Removes logins that are past their age, with their tokens. At most so many at a time. */
export function deleteExpiredSessions(tx: Tx, countMax: number): void {
  tx.execute(
    `delete from sessions where id in
       (select id from sessions where expires_at <= clock_timestamp() order by expires_at limit $1::int)`,
    [countMax],
  );
}
