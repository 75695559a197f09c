import type { Tx } from "@ordermesh/postgres/tx";

/** An attempt at something that a caller has named by a key. */
export interface Attempt {
  /** Who, what and which key, in 32 bytes. */
  readonly scope: Uint8Array;
  readonly caller: string;
  /** What exactly is asked, in 32 bytes. */
  readonly requestHash: Uint8Array;
  /** Tells this attempt from others; a UUID. */
  readonly claim: string;
}

export interface StoredAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export interface IdempotencyRecord {
  readonly sameRequest: boolean;
  /** Undefined while the attempt is under way. */
  readonly answer: StoredAnswer | undefined;
  /** Until the attempt counts as dead. */
  readonly claimedForMs: number;
}

/**
 * Claims the key for this attempt: if it was never used, has expired, or its attempt has died.
 *
 * @returns whether it did.
 */
export async function claimKey(tx: Tx, attempt: Attempt, leaseMs: number, keptMs: number): Promise<boolean> {
  const rows = await tx.query(
    `insert into idempotency_records as r (scope, caller, request_hash, claim, claimed_until, expires_at)
     values ($1::bytea, $2::text, $3::bytea, $4::uuid,
       now() + $5::bigint * interval '1 millisecond', now() + $6::bigint * interval '1 millisecond')
     on conflict (scope) do update
       set request_hash = excluded.request_hash, claim = excluded.claim, claimed_until = excluded.claimed_until,
         expires_at = excluded.expires_at, status = null, content_type = null, body = null
       where r.expires_at <= now()
         or (r.status is null and r.claimed_until <= now() and r.request_hash = excluded.request_hash)
     returning 1 as claimed`,
    [attempt.scope, attempt.caller, attempt.requestHash, attempt.claim, leaseMs, keptMs],
  );
  return rows.length === 1;
}

/** Undefined if there is none: its attempt has ended without an answer that counts. */
export async function findRecord(tx: Tx, attempt: Attempt): Promise<IdempotencyRecord | undefined> {
  const [row] = await tx.query<{
    same_request: boolean;
    status: number | null;
    content_type: string | null;
    body: string | null;
    claimed_for_ms: number;
  }>(
    `select request_hash = $2::bytea as same_request, status, content_type, body,
       greatest(0, extract(epoch from claimed_until - now()) * 1000)::float8 as claimed_for_ms
     from idempotency_records where scope = $1::bytea`,
    [attempt.scope, attempt.requestHash],
  );
  if (row === undefined) {
    return undefined;
  }
  const { status, content_type: contentType, body } = row;
  const answer =
    status === null || contentType === null || body === null ? undefined : { status, contentType, body };
  return { sameRequest: row.same_request, answer, claimedForMs: row.claimed_for_ms };
}

/** Keeps the answer, unless another attempt has taken this one's place. */
export function storeAnswer(tx: Tx, attempt: Attempt, answer: StoredAnswer): void {
  tx.execute(
    `update idempotency_records set status = $3::int, content_type = $4::text, body = $5::text
     where scope = $1::bytea and claim = $2::uuid`,
    [attempt.scope, attempt.claim, answer.status, answer.contentType, answer.body],
  );
}

/** Makes the key free again after an attempt whose outcome is not known or does not count. */
export function releaseKey(tx: Tx, attempt: Attempt): void {
  tx.execute(
    "delete from idempotency_records where scope = $1::bytea and claim = $2::uuid and status is null",
    [attempt.scope, attempt.claim],
  );
}

/** Removes records that have expired, the oldest first. @returns how many. */
export async function pruneRecords(tx: Tx, countMax: number): Promise<number> {
  const rows = await tx.query(
    `delete from idempotency_records where scope in (
       select scope from idempotency_records where expires_at <= now()
       order by expires_at limit $1::int for update skip locked
     ) returning 1 as pruned`,
    [countMax],
  );
  return rows.length;
}
