import { create } from "@bufbuild/protobuf";
import { createConnectQueryKey, useQuery } from "@connectrpc/connect-query";
import type { TableSession } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import {
  type GetSessionResponse,
  GetSessionResponseSchema,
  type SessionChange,
  TablesService,
} from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { type TopicOptions, useTopic } from "../feed/use-topic.ts";
import { newerSession, sessionAfter } from "./session-changes.ts";

const { getSession } = TablesService.method;

/** An answer that is older than what is known already takes nothing back. */
function keepNewest(known: unknown, next: unknown): unknown {
  const [before, after] = [known as GetSessionResponse | undefined, next as GetSessionResponse];
  const newest = newerSession(after.session, before?.session);
  return newest === before?.session ? before : after;
}

/** A session with its guests, orders and bills, as it was read; what its topic tells is kept up by `useSessionTopic`. */
export function useSessionPicture(sessionId: bigint) {
  return useQuery(
    getSession,
    { sessionId },
    { enabled: sessionId > 0n, structuralSharing: keepNewest, staleTime: Number.POSITIVE_INFINITY },
  );
}

/** The same, live. @param onUpdate for what is done with a message besides. */
export function useTableSession(sessionId: bigint, onUpdate?: TopicOptions["onUpdate"]) {
  const queryClient = useQueryClient();
  useTopic(sessionId > 0n ? `session/${sessionId}` : undefined, {
    touches: [],
    onUpdate(update) {
      const { what } = update;
      if (what.case === "session") {
        takePicture(queryClient, what.value);
      } else if (what.case === "sessionChange") {
        takeChange(queryClient, what.value);
      } else if (what.case === "resync") {
        void queryClient.invalidateQueries({ queryKey: keyOf(sessionId) });
      }
      onUpdate?.(update);
    },
  });
  return useSessionPicture(sessionId);
}

/** The whole of it takes the place of what was known, unless that is newer. */
function takePicture(queryClient: QueryClient, session: TableSession): void {
  setSession(queryClient, session.sessionId, (known) => newerSession(session, known) ?? session);
}

/** Takes one change in, wherever its session is shown. */
export function takeChange(queryClient: QueryClient, change: SessionChange): void {
  let isIncomplete = false;
  setSession(queryClient, change.sessionId, (known) => {
    const after = known === undefined ? undefined : sessionAfter(known, change);
    isIncomplete ||= known !== undefined && after === undefined;
    return after ?? known;
  });
  if (isIncomplete) {
    void queryClient.invalidateQueries({ queryKey: keyOf(change.sessionId) });
  }
}

function setSession(
  queryClient: QueryClient,
  sessionId: bigint,
  next: (known: TableSession | undefined) => TableSession | undefined,
): void {
  queryClient.setQueriesData<GetSessionResponse>({ queryKey: keyOf(sessionId) }, (known) => {
    const session = next(known?.session);
    const isSame = session === undefined || session === known?.session;
    return isSame ? known : { ...(known ?? create(GetSessionResponseSchema)), session };
  });
}

function keyOf(sessionId: bigint) {
  return createConnectQueryKey({ schema: getSession, input: { sessionId }, cardinality: "finite" });
}
