import { fromBinary } from "@bufbuild/protobuf";
import { type Feed, startFeed } from "@ordermesh/feed/feed";
import { openFeedEpoch } from "@ordermesh/feed/feed-epoch";
import type { Database } from "@ordermesh/postgres/database";
import { type SessionChange, SessionChangeSchema } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import type { Logger } from "@ordermesh/telemetry/logger";
import { type ChangeFilter, countChanges, readChanges } from "./sql/session-changes.ts";

export interface FeedEntry {
  readonly sessionId: bigint;
  readonly version: number;
  readonly locationId: bigint;
  readonly transactionId: bigint;
  /** Decoded once, for all who watch. */
  readonly change: SessionChange;
}

/** Every change of every session, resumable from a cursor. */
export type SessionFeed = Feed<FeedEntry, ChangeFilter>;

/** A watcher with more unread changes than this is cut: its cursor brings it back. */
const bufferMax = 2_000;

export function startSessionFeed(options: {
  readonly database: Database;
  readonly logger: Logger;
}): SessionFeed {
  const { database } = options;
  return startFeed<FeedEntry, ChangeFilter>({
    ...options,
    bufferMax,
    openEpoch: () => database.transaction((tx) => openFeedEpoch(tx, "session_changes")),
    read: async (db, range, filter) =>
      (await readChanges(db, range, filter)).map((row) => ({
        ...row,
        change: fromBinary(SessionChangeSchema, row.change),
      })),
    count: countChanges,
    positionOf: ({ transactionId, sessionId, version }) => ({
      transactionId,
      subjectId: sessionId,
      version,
    }),
    concerns: (entry, filter) =>
      "sessionId" in filter ? entry.sessionId === filter.sessionId : entry.locationId === filter.locationId,
  });
}
