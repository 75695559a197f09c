import { createHash, randomBytes, randomUUID } from "node:crypto";
import type { Tx } from "@ordermesh/postgres/tx";
import type { User } from "./domain/user.ts";
import { endSession, insertRefreshToken, insertSession, lockRefreshToken, markUsed } from "./sql/sessions.ts";
import { findUser } from "./sql/users.ts";

/** Begins a session for somebody who has just logged in. @returns its first refresh token. */
export function beginSession(tx: Tx, userId: bigint, lifetimeMs: number): string {
  const id = randomUUID();
  const { token, hash } = newToken();
  insertSession(tx, { id, userId, lifetimeMs });
  insertRefreshToken(tx, hash, id);
  return token;
}

/** A refusal is an outcome here: that a session has ended is written down. */
export type Refreshed =
  | { readonly kind: "refreshed"; readonly user: User; readonly refreshToken: string }
  | { readonly kind: "refused" }
  /** The token came a second time: one of the two who sent it has stolen it. */
  | { readonly kind: "reused"; readonly userId: bigint; readonly sessionId: string };

/** Trades a refresh token for the next one of its session. */
export async function refreshSession(tx: Tx, refreshToken: string): Promise<Refreshed> {
  const hash = hashOf(refreshToken);
  const found = await lockRefreshToken(tx, hash);
  if (found === undefined || found.isOver) {
    return { kind: "refused" };
  }
  const { sessionId, userId } = found;
  if (found.isUsed) {
    endSession(tx, sessionId, "reuse");
    return { kind: "reused", userId, sessionId };
  }
  const user = await findUser(tx, userId);
  if (user === undefined) {
    return { kind: "refused" };
  }
  const next = newToken();
  markUsed(tx, hash);
  insertRefreshToken(tx, next.hash, sessionId);
  return { kind: "refreshed", user, refreshToken: next.token };
}

/** Ends the session of a refresh token, also of one that was used before. One that is not known is not missed. */
export async function logOut(tx: Tx, refreshToken: string): Promise<void> {
  const found = await lockRefreshToken(tx, hashOf(refreshToken));
  if (found !== undefined) {
    endSession(tx, found.sessionId, "logout");
  }
}

function newToken(): { readonly token: string; readonly hash: Buffer } {
  const token = randomBytes(32).toString("base64url");
  return { token, hash: hashOf(token) };
}

/** Nobody guesses 256 random bits, so that a fast hash is as good as a slow one. */
function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
