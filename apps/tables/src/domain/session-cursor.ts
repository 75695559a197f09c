import { badRequest } from "./session-failures.ts";

/**
 * A place in what a watcher of one session is told: what the feed needs to go on, and the version of the session that was
 * seen last. The version tells that nothing was left out and nothing comes twice, also right after the whole session was
 * told, which is newer than the place in the feed from which it was read on.
 */
export interface SessionCursor {
  readonly sessionId: bigint;
  readonly version: number;
  /** Opaque here. */
  readonly feed: string;
}

export function encodeSessionCursor({ sessionId, version, feed }: SessionCursor): string {
  return `${sessionId}.${version}.${feed}`;
}

/** @throws Failure `invalid_argument` for what no stream of this session gave. */
export function decodeSessionCursor(text: string, sessionId: bigint): SessionCursor {
  const match = /^(\d{1,19})\.(\d{1,9})\.([A-Za-z0-9_-]{1,400})$/.exec(text);
  const [, ofSession = "", version = "", feed = ""] = match ?? [];
  if (match === null || BigInt(ofSession) !== sessionId) {
    throw badRequest("cursor", "is not one that a stream of this session gave", "MALFORMED_CURSOR");
  }
  return { sessionId, version: Number(version), feed };
}
