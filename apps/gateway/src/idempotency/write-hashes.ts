import { createHmac } from "node:crypto";
import { deriveKey } from "@ordermesh/sealing/sealer";
import type { NamedWrite } from "./idempotent-writes.ts";

/** What of a write goes into the database, 32 bytes each. */
export interface WriteHashes {
  /** Who, what and which key: what its record is found by. */
  readonly scope: Uint8Array;
  /** What exactly is asked: tells a repetition from another request. */
  readonly requestHash: Uint8Array;
}

/**
 * Keyed, because a plain hash of a request in which all but a few digits are known is undone by trying them all. Callers
 * choose their keys freely, and may put such a thing in there as well, so both are.
 *
 * @param secret of 32 bytes, the same for all replicas, and not in the database.
 */
export function createWriteHasher(secret: Uint8Array): (write: NamedWrite) => WriteHashes {
  const hashKey = deriveKey(secret, "idempotent writes");
  return ({ caller, method, path, query, key, body }) => ({
    scope: createHmac("sha256", hashKey).update([caller, method, path, key].join("\0")).digest(),
    requestHash: createHmac("sha256", hashKey).update(`${query}\0`).update(body).digest(),
  });
}
