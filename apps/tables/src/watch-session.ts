import type { MessageInitShape } from "@bufbuild/protobuf";
import { Failure } from "@ordermesh/failure/failure";
import type { FeedMessage } from "@ordermesh/feed/feed";
import { SessionState } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import type {
  SessionChange,
  WatchSessionRequest,
  WatchSessionResponseSchema,
} from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import type { Call } from "@ordermesh/rpc/call";
import type { Session } from "./domain/session.ts";
import { decodeSessionCursor, encodeSessionCursor } from "./domain/session-cursor.ts";
import { sessionNotFound } from "./domain/session-failures.ts";
import { loadSession, sessionIdOf } from "./load-session.ts";
import { type Caller, callerOf, mayStill, requireSession } from "./session-access.ts";
import type { FeedEntry, SessionFeed } from "./session-feed.ts";
import type { SessionBills, TableDesk } from "./table-desk.ts";

type WatchResponse = MessageInitShape<typeof WatchSessionResponseSchema>;

export interface WatchParts {
  readonly desk: Pick<TableDesk, "database"> & { readonly bills: Pick<SessionBills, "list"> };
  readonly feed: SessionFeed;
}

/** How long staff who were sent away still see what happens, at the most: as often the feed says something. */
const recheckEveryMs = 15_000;

/**
 * The whole session first, unless there is a cursor; then each change, once and in order, until it has told that the
 * session is closed. Whoever may not see it any more is cut off.
 */
export async function* watchSession(
  { desk, feed }: WatchParts,
  request: WatchSessionRequest,
  call: Pick<Call, "principal" | "limitedToUserId" | "signal">,
): AsyncGenerator<WatchResponse> {
  const caller = callerOf(call);
  const { database } = desk;
  const session = await database.read(async (db) =>
    requireSession(db, caller, await sessionIdOf(db, request)),
  );
  const sessionId = session.id;
  const from = request.cursor === "" ? undefined : decodeSessionCursor(request.cursor, sessionId);
  const access = createAccess(database, caller, session);
  /** The version that was told last; undefined before the whole session was. */
  let version = from?.version;

  async function wholeSession(feedCursor: string): Promise<{ response: WatchResponse; isOver: boolean }> {
    const loaded = await loadSession(desk, sessionId);
    version = loaded.session.version;
    const cursor = encodeSessionCursor({ sessionId, version, feed: feedCursor });
    const response = { cursor, update: { case: "session" as const, value: loaded.message } };
    return { response, isOver: loaded.session.state === "closed" };
  }

  for await (const message of feed.watch(from?.feed ?? "", { sessionId }, call.signal)) {
    await access.check(message);
    if (mustTellAll(message, version)) {
      const { response, isOver } = await wholeSession(message.cursor);
      yield response;
      if (isOver) {
        return;
      }
    } else if (message.kind === "change") {
      if (message.entry.version > (version ?? 0)) {
        version = message.entry.version;
        const cursor = encodeSessionCursor({ sessionId, version, feed: message.cursor });
        yield { cursor, update: { case: "change", value: message.entry.change } };
        if (isClose(message.entry.change) || isAllTold(session, version)) {
          return;
        }
      }
    } else {
      const cursor = encodeSessionCursor({ sessionId, version: version ?? 0, feed: message.cursor });
      yield { cursor, update: { case: "checkpoint", value: {} } };
      if (isAllTold(session, version ?? 0)) {
        return;
      }
    }
  }
}

/** At the start without a cursor, with one from which the feed can not go on, and if ever a change was left out. */
function mustTellAll(message: FeedMessage<FeedEntry>, version: number | undefined): boolean {
  return (
    version === undefined ||
    message.kind === "resync" ||
    (message.kind === "change" && message.entry.version > version + 1)
  );
}

/** Whether a session was closed before the stream began, and its past has been told. */
function isAllTold(session: Session, version: number): boolean {
  return session.state === "closed" && version >= session.version;
}

function isClose({ what }: SessionChange): boolean {
  return what.case === "session" && what.value.state === SessionState.CLOSED;
}

/** Looks whether a watcher may go on: a guest who was removed at once, staff from time to time. */
export function createAccess(
  database: TableDesk["database"],
  caller: Caller,
  location: Pick<Session, "locationId">,
  everyMs = recheckEveryMs,
) {
  let checkedAt = Date.now();
  return {
    /** @throws Failure `not_found` for staff who are none any more; `unauthenticated` for a removed guest. */
    async check(message: FeedMessage<FeedEntry>): Promise<void> {
      if (caller.kind === "guest") {
        if (message.kind === "change" && isRemovalOf(message.entry.change, caller.guestId)) {
          throw new Failure("unauthenticated", "The staff have taken your place at the table away.", {
            reason: "GUEST_REMOVED",
          });
        }
        return;
      }
      if (caller.limitedToUserId !== undefined && Date.now() - checkedAt >= everyMs) {
        checkedAt = Date.now();
        if (!(await database.read((db) => mayStill(db, caller, location)))) {
          throw sessionNotFound();
        }
      }
    },
  };
}

function isRemovalOf({ what }: SessionChange, guestId: bigint): boolean {
  return what.case === "guest" && what.value.guestId === guestId && what.value.isRemoved;
}
