import type { Queryable, Tx } from "@ordermesh/postgres/tx";

export interface SessionKeyRow {
  readonly userId: bigint;
  readonly sealedTokens: Uint8Array;
  /** Whether the access token is still good for a call. */
  readonly isFresh: boolean;
}

interface StoredTokens {
  readonly keyHash: Uint8Array;
  readonly sealedTokens: Uint8Array;
  readonly accessExpiresAt: Date;
}

/** An access token that has less left than this is exchanged: a call takes its time. */
const freshForMs = 60_000;

export function insertSessionKey(
  tx: Tx,
  { keyHash, sealedTokens, accessExpiresAt }: StoredTokens,
  owner: { readonly userId: bigint; readonly lifetimeMs: number },
): void {
  tx.execute(
    `insert into session_keys (key_hash, user_id, sealed_tokens, access_expires_at, expires_at)
     values ($1::bytea, $2::bigint, $3::bytea, $4::timestamptz, now() + $5::bigint * interval '1 millisecond')`,
    [keyHash, owner.userId, sealedTokens, accessExpiresAt.toISOString(), owner.lifetimeMs],
  );
}

/** Undefined if there is none, or it has expired. */
export async function findSessionKey(db: Queryable, keyHash: Uint8Array): Promise<SessionKeyRow | undefined> {
  const [row] = await db.query<{ user_id: bigint; sealed_tokens: Uint8Array; is_fresh: boolean }>(
    `select user_id, sealed_tokens, access_expires_at > now() + $2::bigint * interval '1 millisecond' as is_fresh
     from session_keys where key_hash = $1::bytea and expires_at > now()`,
    [keyHash, freshForMs],
  );
  return row && { userId: row.user_id, sealedTokens: row.sealed_tokens, isFresh: row.is_fresh };
}

/**
 * Claims the refresh token of a key whose access token is not fresh, for so long.
 *
 * @returns the sealed tokens; undefined if another has it, or there is nothing to refresh any more.
 */
export async function claimRefresh(
  tx: Tx,
  keyHash: Uint8Array,
  leaseMs: number,
): Promise<Uint8Array | undefined> {
  const [row] = await tx.query<{ sealed_tokens: Uint8Array }>(
    `update session_keys set refreshing_until = now() + $3::bigint * interval '1 millisecond'
     where key_hash = $1::bytea and expires_at > now()
       and access_expires_at <= now() + $2::bigint * interval '1 millisecond'
       and (refreshing_until is null or refreshing_until <= now())
     returning sealed_tokens`,
    [keyHash, freshForMs, leaseMs],
  );
  return row?.sealed_tokens;
}

/** Keeps what the refresh token was traded for, and lets the key go. */
export function storeTokens(tx: Tx, { keyHash, sealedTokens, accessExpiresAt }: StoredTokens): void {
  tx.execute(
    `update session_keys set sealed_tokens = $2::bytea, access_expires_at = $3::timestamptz, refreshing_until = null
     where key_hash = $1::bytea`,
    [keyHash, sealedTokens, accessExpiresAt.toISOString()],
  );
}

/** Lets the key go after a try that came to nothing. */
export function releaseRefresh(tx: Tx, keyHash: Uint8Array): void {
  tx.execute("update session_keys set refreshing_until = null where key_hash = $1::bytea", [keyHash]);
}

/** @returns the sealed tokens; undefined if there was no such key. */
export async function deleteSessionKey(tx: Tx, keyHash: Uint8Array): Promise<Uint8Array | undefined> {
  const [row] = await tx.query<{ sealed_tokens: Uint8Array }>(
    "delete from session_keys where key_hash = $1::bytea returning sealed_tokens",
    [keyHash],
  );
  return row?.sealed_tokens;
}

/** Removes keys that have expired, the oldest first. @returns how many. */
export async function pruneSessionKeys(tx: Tx, countMax: number): Promise<number> {
  const rows = await tx.query(
    `delete from session_keys where key_hash in (
       select key_hash from session_keys where expires_at <= now()
       order by expires_at limit $1::int for update skip locked
     ) returning 1 as pruned`,
    [countMax],
  );
  return rows.length;
}
