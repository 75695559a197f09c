import type {
  CloseSessionRequest,
  GetSessionRequest,
  ListSessionsRequest,
  OpenSessionRequest,
} from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { type Call, callOf } from "@ordermesh/rpc/call";
import { decodePageToken, encodePageToken, malformed } from "@ordermesh/rpc/page-token";
import { closeSession } from "../close-session.ts";
import { forStaffOnly } from "../domain/session-failures.ts";
import { sessionMessage, sessionStateOf } from "../events/session-messages.ts";
import { loadSession, sessionIdOf } from "../load-session.ts";
import { openSession } from "../open-session.ts";
import { callerOf, requireSession, type StaffCaller } from "../session-access.ts";
import { listSessions } from "../sql/sessions.ts";
import { requireStaff } from "../staff.ts";
import type { TableDesk } from "../table-desk.ts";

type Context = Parameters<typeof callOf>[0];

const pageSizeDefault = 50;

/** The calls of TablesService that are about sessions as a whole. */
export function sessionCalls(desk: TableDesk) {
  const { database, invitations } = desk;
  return {
    async openSession(request: OpenSessionRequest, context: Context) {
      const call = callOf(context);
      const opened = await openSession(desk, staffOf(call), request, call.traceparent);
      const { message } = await loadSession(desk, opened.id);
      return { session: message, link: opened.state === "open" ? invitations.linkOf(opened) : "" };
    },

    async getSession(request: GetSessionRequest, context: Context) {
      const caller = callerOf(callOf(context));
      const session = await database.read(async (db) =>
        requireSession(db, caller, await sessionIdOf(db, request)),
      );
      return { session: (await loadSession(desk, session.id)).message };
    },

    listSessions: (request: ListSessionsRequest, context: Context) =>
      listPage(desk, request, callOf(context)),

    async closeSession({ sessionId, force, reason }: CloseSessionRequest, context: Context) {
      const call = callOf(context);
      const request = { sessionId, force: force ? { reason } : undefined };
      const { session, changed } = await closeSession(desk, callerOf(call), request, call);
      return { session: (await loadSession(desk, session.id)).message, changed };
    },
  };
}

/** Of a call that guests can not make. */
function staffOf(call: Call): StaffCaller {
  const caller = callerOf(call);
  if (caller.kind === "guest") {
    throw forStaffOnly("This");
  }
  return caller;
}

async function listPage({ database }: TableDesk, request: ListSessionsRequest, call: Call) {
  const { locationId } = request;
  const state = sessionStateOf(request.state);
  const query = { locationId, state: state ?? "", caller: callerOf(call).name };
  const [position] = decodePageToken(request.pageToken, query, 1) ?? [];
  if (position !== undefined && !/^\d{1,18}$/.test(position)) {
    throw malformed("is malformed");
  }
  const countMax = request.pageSize || pageSizeDefault;
  const before = position === undefined ? undefined : BigInt(position);
  const sessions = await database.read(async (db) => {
    await requireStaff(db, locationId, call);
    return await listSessions(db, locationId, { state, before, countMax });
  });
  const last = sessions.length === countMax ? sessions.at(-1) : undefined;
  return {
    sessions: sessions.map((session) => sessionMessage(session, session)),
    nextPageToken: last === undefined ? "" : encodePageToken([`${last.id}`], query),
  };
}
