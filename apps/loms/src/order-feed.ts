import { type Feed, type FeedMessage as FeedMessageOf, startFeed } from "@ordermesh/feed/feed";
import type { FeedPosition } from "@ordermesh/feed/feed-cursor";
import { openFeedEpoch } from "@ordermesh/feed/feed-epoch";
import type { Database } from "@ordermesh/postgres/database";
import type { Logger } from "@ordermesh/telemetry/logger";
import { countFeed, type FeedEntry, type FeedPosition as OrderPosition, readFeed } from "./sql/order-feed.ts";

export interface FeedFilter {
  readonly userId: bigint | undefined;
  readonly orderId: bigint | undefined;
}

export type FeedMessage = FeedMessageOf<FeedEntry>;

/** Every status change of every order, resumable from a cursor. */
export type OrderFeed = Feed<FeedEntry, FeedFilter>;

export function startOrderFeed(options: { readonly database: Database; readonly logger: Logger }): OrderFeed {
  return startFeed<FeedEntry, FeedFilter>({
    ...options,
    openEpoch: () => options.database.transaction((tx) => openFeedEpoch(tx, "order_history")),
    read: (db, { after, endId, countMax }) => readFeed(db, orderPositionOf(after), endId, countMax),
    count: (db, after, countMax) => countFeed(db, orderPositionOf(after), countMax),
    positionOf: ({ transactionId, orderId, version }) => ({ transactionId, subjectId: orderId, version }),
    concerns,
  });
}

function orderPositionOf({ transactionId, subjectId, version }: FeedPosition): OrderPosition {
  return { transactionId, orderId: subjectId, version };
}

function concerns(entry: FeedEntry, filter: FeedFilter): boolean {
  return (
    (filter.userId === undefined || filter.userId === entry.userId) &&
    (filter.orderId === undefined || filter.orderId === entry.orderId)
  );
}
