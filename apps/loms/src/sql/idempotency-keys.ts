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
  /** What the first call made, or was about. */
  readonly subjectId: bigint;
  /** Of an action: the order's version after it. */
  readonly version: number | undefined;
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
  const rows = await tx.query<{
    caller: string;
    key: string;
    request_hash: string;
    subject_id: bigint;
    version: number | null;
  }>(
    `select k.caller, k.key, encode(k.request_hash, 'hex') as request_hash, k.subject_id, k.version
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
    version: row.version ?? undefined,
  }));
}

/**
 * Notes what actions were taken for, once they were: one that is refused leaves its key free. Two that meet on two orders
 * collide, and the later one finds the key taken when it is tried again by itself.
 */
export function insertActionIntents(
  tx: Tx,
  method: string,
  intents: readonly (Intent & { readonly orderId: bigint; readonly version: number })[],
): void {
  if (intents.length === 0) {
    return;
  }
  tx.execute(
    `insert into idempotency_keys (method, caller, key, request_hash, subject_id, version)
     select $1, caller, key, request_hash, subject_id, version
     from unnest($2::text[], $3::text[], $4::bytea[], $5::bigint[], $6::int[])
       as i (caller, key, request_hash, subject_id, version)
     order by caller, key`,
    [
      method,
      textArrayLiteral(intents.map((intent) => intent.caller)),
      textArrayLiteral(intents.map((intent) => intent.key)),
      bytesArrayLiteral(intents.map((intent) => Buffer.from(intent.requestHash, "hex"))),
      arrayLiteral(intents.map((intent) => intent.orderId)),
      arrayLiteral(intents.map((intent) => intent.version)),
    ],
  );
}
