import { type Feed, startFeed } from "@ordermesh/feed/feed";
import { openFeedEpoch } from "@ordermesh/feed/feed-epoch";
import type { Database } from "@ordermesh/postgres/database";
import type { Logger } from "@ordermesh/telemetry/logger";
import { countFeed, type FeedEntry, readFeed } from "./sql/notification-feed.ts";

/** Every notification, by user, resumable from a cursor. */
export type NotificationFeed = Feed<FeedEntry, bigint>;

export function startNotificationFeed(options: {
  readonly database: Database;
  readonly logger: Logger;
}): NotificationFeed {
  const { database } = options;
  return startFeed<FeedEntry, bigint>({
    ...options,
    openEpoch: () => database.transaction((tx) => openFeedEpoch(tx, "notifications")),
    read: readFeed,
    count: countFeed,
    positionOf: ({ transactionId, id }) => ({ transactionId, subjectId: id, version: 0 }),
    concerns: (entry, userId) => entry.userId === userId,
  });
}
