import { createHash, randomBytes } from "node:crypto";
import type { Principal } from "@ordermesh/rpc/authorization";
import { tokenRefused } from "./refusals.ts";

/**
 * Finds out whose token it is, each time that it is shown: nothing remembers the answer, so that a guest who was removed
 * is a stranger from then on.
 *
 * @param tokenHash SHA-256 of the token; whoever reads the table with the hashes has no token.
 */
export type IdentifyGuest = (
  tokenHash: Uint8Array,
) => Promise<Extract<Principal, { kind: "guest" }> | undefined>;

const header = /^bearer +(guest_[A-Za-z0-9_-]{43})$/i;

/** A new token of 256 random bits, and what is to be stored of it. */
export function newGuestToken(): { readonly token: string; readonly hash: Uint8Array } {
  const token = `guest_${randomBytes(32).toString("base64url")}`;
  return { token, hash: hashOf(token) };
}

/** Whether a header `authorization` is a guest's, good or not. No other token of ours begins so. */
export function isGuestHeader(text: string): boolean {
  return /^bearer +guest_/i.test(text);
}

/** @returns what identifies a guest by the whole header `authorization`; it rejects with `unauthenticated`. */
export function createGuestLookUp(
  identifyGuest: IdentifyGuest | undefined,
): (text: string) => Promise<Principal> {
  return async (text) => {
    const token = header.exec(text)?.[1];
    if (identifyGuest === undefined) {
      throw tokenRefused("it is a guest's, which is good for the session at the table only");
    }
    const guest = token === undefined ? undefined : await identifyGuest(hashOf(token));
    if (guest === undefined) {
      throw tokenRefused("no open session has such a guest");
    }
    return guest;
  };
}

/** Nobody guesses 256 random bits, so that a fast hash is as good as a slow one. */
function hashOf(token: string): Uint8Array {
  return createHash("sha256").update(token).digest();
}
