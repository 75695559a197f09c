import {
  arrayLiteral,
  bytesArrayLiteral,
  type Queryable,
  type Tx,
  textArrayLiteral,
} from "@ordermesh/postgres/tx";

/** One intent that a caller named. */
export interface Intent {
  /** Whose key it is: keys of different callers never meet. */
  readonly caller: string;
  readonly key: string;
  /** SHA-256 of what was asked, in hex. */
  readonly requestHash: string;
}

export interface ClaimedIntent {
  readonly caller: string;
  readonly key: string;
  readonly requestHash: string;
  /** What the first call made. */
  readonly subjectId: bigint;
}

/**
 * Writes the intents that are new. Sorted, so that two batches with the same keys wait for each other instead of
 * deadlocking: the later one waits for the earlier one's commit and then finds its keys taken.
 *
 * @returns how many were new.
 */
export async function claimIntents(
  tx: Tx,
  method: string,
  intents: readonly Intent[],
  subjectIds: readonly bigint[],
): Promise<number> {
  const [row] = await tx.query<{ claimed: bigint }>(
    `with claimed as (
       insert into idempotency_keys (method, caller, key, request_hash, subject_id)
       select $1, caller, key, request_hash, subject_id
       from unnest($2::text[], $3::text[], $4::bytea[], $5::bigint[]) as i (caller, key, request_hash, subject_id)
       order by caller, key
       on conflict do nothing
       returning 1
     )
     select count(*) as claimed from claimed`,
    [
      method,
      textArrayLiteral(intents.map((intent) => intent.caller)),
      textArrayLiteral(intents.map((intent) => intent.key)),
      bytesArrayLiteral(intents.map((intent) => Buffer.from(intent.requestHash, "hex"))),
      arrayLiteral(subjectIds),
    ],
  );
  return Number(row?.claimed ?? 0);
}

/** What the intents that had been claimed before led to. */
export async function findIntents(
  tx: Queryable,
  method: string,
  intents: readonly Intent[],
): Promise<ClaimedIntent[]> {
  const rows = await tx.query<{ caller: string; key: string; request_hash: string; subject_id: bigint }>(
    `select k.caller, k.key, encode(k.request_hash, 'hex') as request_hash, k.subject_id
     from unnest($2::text[], $3::text[]) as i (caller, key)
     join idempotency_keys k on k.method = $1 and k.caller = i.caller and k.key = i.key`,
    [
      method,
      textArrayLiteral(intents.map((intent) => intent.caller)),
      textArrayLiteral(intents.map((intent) => intent.key)),
    ],
  );
  return rows.map((row) => ({
    caller: row.caller,
    key: row.key,
    requestHash: row.request_hash,
    subjectId: row.subject_id,
  }));
}
