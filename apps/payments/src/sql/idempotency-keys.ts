import type { Tx } from "@ordermesh/postgres/tx";

/** One intent that a caller named. */
export interface Intent {
  /** Whose key it is: keys of different callers never meet. */
  readonly caller: string;
  readonly method: "Pay" | "Refund";
  readonly key: string;
  /** SHA-256 of what was asked. */
  readonly requestHash: Buffer;
}

export interface ClaimedIntent {
  readonly requestHash: Buffer;
  /** The attempt or refund that the first call began. */
  readonly subjectId: bigint;
}

/**
 * What an earlier call with this key began. A call with the same key that is under way is waited for: its claim is
 * found once it has committed, and a row lock is what holds the others up until then.
 *
 * @returns undefined if there was none: then the key is this transaction's, which must name its subject.
 */
export async function claimIntent(tx: Tx, intent: Intent): Promise<ClaimedIntent | undefined> {
  const [claimed] = await tx.query<{ one: number }>(
    `insert into idempotency_keys (caller, method, key, request_hash, subject_id) values ($1, $2, $3, $4, 0)
     on conflict do nothing returning 1 as one`,
    [intent.caller, intent.method, intent.key, intent.requestHash],
  );
  if (claimed !== undefined) {
    return undefined;
  }
  const [row] = await tx.query<{ request_hash: Uint8Array; subject_id: bigint }>(
    "select request_hash, subject_id from idempotency_keys where caller = $1 and method = $2 and key = $3",
    [intent.caller, intent.method, intent.key],
  );
  if (row === undefined) {
    throw new Error(`The idempotency key of ${intent.caller} was neither free nor found.`);
  }
  return { requestHash: Buffer.from(row.request_hash), subjectId: row.subject_id };
}

export function nameSubject(tx: Tx, intent: Intent, subjectId: bigint): void {
  tx.execute(
    "update idempotency_keys set subject_id = $4::bigint where caller = $1 and method = $2 and key = $3",
    [intent.caller, intent.method, intent.key, `${subjectId}`],
  );
}
