import { newGuestToken } from "@ordermesh/auth/guest-tokens";
import { appendEvents } from "@ordermesh/outbox/outbox";
import type { Tx } from "@ordermesh/postgres/tx";
import { GuestJoinedSchema } from "@ordermesh/proto/ordermesh/events/v1/table_events_pb";
import { parseLink } from "./domain/invitation.ts";
import { type LimitedSubject, limitsOfJoin, tooManyTries } from "./domain/join-limit.ts";
import { type Guest, type Session, tidyName } from "./domain/session.ts";
import { parseCode } from "./domain/session-code.ts";
import { badRequest, invitationNotFound, tableFull } from "./domain/session-failures.ts";
import { sessionReference, tableEvent } from "./events/outgoing.ts";
import { recordChange } from "./record-change.ts";
import { countGuests, insertGuest } from "./sql/guests.ts";
import { countTry, uncountTry } from "./sql/join-limits.ts";
import { findByCode } from "./sql/session-codes.ts";
import { findSession, lockSession } from "./sql/sessions.ts";
import type { TableDesk } from "./table-desk.ts";

export interface JoinRequest {
  readonly by: "code" | "link";
  /** As it was typed or scanned. */
  readonly invitation: string;
  readonly nickname: string;
  /** Where it came from; one that stands for a place. */
  readonly address: string;
  readonly traceparent: string;
}

export interface Joined {
  readonly guest: Guest;
  /** Shown this once. */
  readonly token: string;
  readonly session: Session;
}

interface ShownInvitation {
  readonly code: string;
  /** Of a link. */
  readonly secret: string | undefined;
}

/**
 * Trades an invitation for a guest's token. The try is counted before the invitation is looked at, so that many at the
 * same time can not get past the limit, and taken back where it was right.
 *
 * @throws Failure `not_found` for an invitation that is not good now, the same whatever is wrong with it;
 * `resource_exhausted` after too many tries, or when the table is full.
 */
export async function joinSession(desk: TableDesk, request: JoinRequest): Promise<Joined> {
  const { database, joinLimits } = desk;
  const nickname = tidyName(request.nickname);
  if (nickname === "") {
    throw badRequest("nickname", "is empty");
  }
  const limits = limitsOfJoin(joinLimits, request.by, request.address);
  await database.transaction((tx) => countTries(tx, [...limits.always, ...limits.wrong]));
  const shown = invitationOf(request);
  const sessionId = shown && (await findInvited(desk, shown));
  if (shown === undefined || sessionId === undefined) {
    throw invitationNotFound();
  }
  await database.transaction(async (tx) => {
    for (const limit of limits.wrong) {
      uncountTry(tx, limit);
    }
  });
  const { token, hash } = newGuestToken();
  const joined = await database.transaction(async (tx) => {
    const session = await lockSession(tx, sessionId);
    // What was good a moment ago may have been replaced or closed meanwhile.
    if (session === undefined || !isGood(desk, session, shown)) {
      throw invitationNotFound();
    }
    if ((await countGuests(tx, sessionId)) >= desk.guestsMax) {
      throw tableFull(desk.guestsMax);
    }
    const guest = await insertGuest(tx, { sessionId, nickname, tokenHash: hash });
    const changed = await recordChange(tx, session, { case: "guest", value: guest });
    const message = { session: sessionReference(changed), guestId: guest.id, nickname };
    appendEvents(tx, [tableEvent(changed, GuestJoinedSchema, message, request.traceparent)]);
    return { guest, session: changed };
  });
  desk.onCommitted();
  return { ...joined, token };
}

/** All of them or none: a try that one limit refuses does not count for the others. */
async function countTries(tx: Tx, limits: readonly LimitedSubject[]): Promise<void> {
  for (const limit of limits) {
    const waitMs = await countTry(tx, limit);
    if (waitMs > 0) {
      throw tooManyTries(waitMs);
    }
  }
}

function invitationOf({ by, invitation }: JoinRequest): ShownInvitation | undefined {
  if (by === "link") {
    return parseLink(invitation);
  }
  const code = parseCode(invitation);
  return code === undefined ? undefined : { code, secret: undefined };
}

async function findInvited(desk: TableDesk, shown: ShownInvitation): Promise<bigint | undefined> {
  return await desk.database.read(async (db) => {
    const found = await findByCode(db, shown.code);
    const session = found?.isLive ? await findSession(db, found.sessionId) : undefined;
    return session !== undefined && isGood(desk, session, shown) ? session.id : undefined;
  });
}

function isGood({ invitations }: TableDesk, session: Session, { code, secret }: ShownInvitation): boolean {
  const isSecretGood = secret === undefined || invitations.matches(session, secret);
  return session.state === "open" && session.code === code && isSecretGood;
}
