import { createHash, createHmac, hkdfSync, randomBytes, randomUUID } from "node:crypto";
import type { Tx } from "@ordermesh/postgres/tx";
import type { User } from "./domain/user.ts";
import {
  endSession,
  insertRefreshToken,
  insertSession,
  isUnused,
  lockRefreshToken,
  markUsed,
} from "./sql/sessions.ts";
import { findUser } from "./sql/users.ts";

/** How refresh tokens follow one another. */
export interface RefreshRules {
  /**
   * Of 32 bytes. A token's successor is made of the token with it, so that a repeated call gets the same one again although
   * no token is kept.
   */
  readonly successorKey: Uint8Array;
  /** For how long after its use a token still answers with its successor, if that one has not been used. */
  readonly repeatMs: number;
}

/** Begins a session for somebody who has just logged in. @returns its first refresh token. */
export function beginSession(tx: Tx, userId: bigint, lifetimeMs: number): string {
  const id = randomUUID();
  const token = randomBytes(32).toString("base64url");
  insertSession(tx, { id, userId, lifetimeMs });
  insertRefreshToken(tx, hashOf(token), id);
  return token;
}

/** A refusal is an outcome here: that a session has ended is written down. */
export type Refreshed =
  | { readonly kind: "refreshed"; readonly user: User; readonly refreshToken: string }
  | { readonly kind: "refused" }
  /** The token came a second time: one of the two who sent it has stolen it. */
  | { readonly kind: "reused"; readonly userId: bigint; readonly sessionId: string };

/**
 * Trades a refresh token for the next one of its session. Two tabs of a browser may do so at the same moment, and an
 * answer may get lost: soon after, the same token gets the same answer. Whoever has stolen it gains nothing by that, because
 * there is still one next token, and it is good once.
 */
export async function refreshSession(
  tx: Tx,
  refreshToken: string,
  { successorKey, repeatMs }: RefreshRules,
): Promise<Refreshed> {
  const hash = hashOf(refreshToken);
  const found = await lockRefreshToken(tx, hash);
  if (found === undefined || found.isOver) {
    return { kind: "refused" };
  }
  const { sessionId, userId } = found;
  const next = createHmac("sha256", successorKey).update(refreshToken).digest("base64url");
  const usedForMs = found.usedForMs;
  if (usedForMs !== undefined && (usedForMs >= repeatMs || !(await isUnused(tx, hashOf(next))))) {
    endSession(tx, sessionId, "reuse");
    return { kind: "reused", userId, sessionId };
  }
  const user = await findUser(tx, userId);
  if (user === undefined) {
    return { kind: "refused" };
  }
  if (usedForMs === undefined) {
    markUsed(tx, hash);
    insertRefreshToken(tx, hashOf(next), sessionId);
  }
  return { kind: "refreshed", user, refreshToken: next };
}

/** Ends the session of a refresh token, also of one that was used before. One that is not known is not missed. */
export async function logOut(tx: Tx, refreshToken: string): Promise<void> {
  const found = await lockRefreshToken(tx, hashOf(refreshToken));
  if (found !== undefined) {
    endSession(tx, found.sessionId, "logout");
  }
}

/** @param secret of 32 bytes; the key tells nothing about it. */
export function successorKeyOf(secret: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", secret, new Uint8Array(), "ordermesh refresh tokens", 32));
}

/** Nobody guesses 256 random bits, so that a fast hash is as good as a slow one. */
function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
