import type { Tx } from "@ordermesh/postgres/tx";

/** One try to pay a share by card. */
export interface ShareTry {
  readonly id: bigint;
  readonly shareId: bigint;
  readonly requestHash: Buffer;
}

/**
 * Begins a try. The session is locked, so nobody else begins one with the same key meanwhile.
 *
 * @returns the try that the key has begun before, with `isNew` false, or this one.
 */
export async function claimTry(
  tx: Tx,
  wanted: {
    readonly shareId: bigint;
    readonly guestId: bigint;
    readonly idempotencyKey: string;
    readonly requestHash: Buffer;
  },
): Promise<ShareTry & { readonly isNew: boolean }> {
  const { shareId, guestId, idempotencyKey, requestHash } = wanted;
  const [earlier] = await tx.query<{ id: bigint; share_id: bigint; request_hash: Uint8Array }>(
    "select id, share_id, request_hash from share_tries where guest_id = $1::bigint and idempotency_key = $2",
    [guestId, idempotencyKey],
  );
  if (earlier !== undefined) {
    const { id, share_id, request_hash } = earlier;
    return { id, shareId: share_id, requestHash: Buffer.from(request_hash), isNew: false };
  }
  const [made] = await tx.query<{ id: bigint }>(
    `insert into share_tries (share_id, guest_id, idempotency_key, request_hash)
     values ($1::bigint, $2::bigint, $3, $4::bytea) returning id`,
    [shareId, guestId, idempotencyKey, requestHash],
  );
  if (made === undefined) {
    throw new Error("The try was not stored.");
  }
  return { id: made.id, shareId, requestHash, isNew: true };
}

/** Forgets a try that has reached nobody, so that its key can be used again. */
export function deleteTry(tx: Tx, id: bigint): void {
  tx.execute("delete from share_tries where id = $1::bigint", [id]);
}
