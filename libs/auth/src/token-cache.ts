import type { Principal } from "@ordermesh/rpc/authorization";
import { LRUCache } from "lru-cache";
import type { VerifiedToken } from "./user-tokens.ts";

/** Principals by the header that proved them, until the token expires. */
export interface TokenCache {
  /** At once if the header is known, so that a call with a known token waits for nothing. */
  principalOf(header: string, nowMs: number): Principal | Promise<Principal>;
  /** Forgets everybody: tokens are verified anew. */
  clear(): void;
}

export function createTokenCache(options: {
  readonly sizeMax: number;
  readonly verify: (header: string) => Promise<VerifiedToken>;
}): TokenCache {
  const { verify } = options;
  const verified = new LRUCache<string, VerifiedToken>({ max: options.sizeMax });
  const verifying = new Map<string, Promise<Principal>>();
  let generation = 0;

  async function verifyAndKeep(header: string): Promise<Principal> {
    const began = generation;
    const token = await verify(header);
    // A key that has gone since must not leave its tokens behind.
    if (began === generation) {
      verified.set(header, token);
    }
    return token.principal;
  }

  return {
    principalOf(header, nowMs) {
      const known = verified.get(header);
      if (known !== undefined && nowMs < known.expiresAtMs) {
        return known.principal;
      }
      let pending = verifying.get(header);
      if (pending === undefined) {
        pending = verifyAndKeep(header).finally(() => verifying.delete(header));
        verifying.set(header, pending);
      }
      return pending;
    },
    clear() {
      generation += 1;
      verified.clear();
      verifying.clear();
    },
  };
}
