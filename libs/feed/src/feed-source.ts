import type { Database } from "@ordermesh/postgres/database";
import type { Queryable } from "@ordermesh/postgres/tx";
import type { FeedPosition } from "./feed-cursor.ts";

/** A part of a feed: what lies after a position and belongs to transactions below `endId`, up to a count. */
export interface FeedRange {
  readonly after: FeedPosition;
  readonly endId: bigint;
  readonly countMax: number;
}

/** Where the entries of a feed are: a table with a column `transaction_id xid8` (see tables.sql). */
export interface FeedSource<Entry, Filter> {
  readonly database: Database;
  /** From openFeedEpoch; asked for when the first watcher comes, because the database may be down before. */
  readonly openEpoch: () => Promise<string>;
  /**
   * Reads entries in the order of their positions. With a filter it may leave out what the filter does not concern;
   * without one it returns all.
   */
  readonly read: (db: Queryable, range: FeedRange, filter: Filter | undefined) => Promise<Entry[]>;
  /** How many entries lie after a position, counted up to a bound; it may count those that the filter leaves out. */
  readonly count: (db: Queryable, after: FeedPosition, countMax: number, filter: Filter) => Promise<number>;
  readonly positionOf: (entry: Entry) => FeedPosition;
  readonly concerns: (entry: Entry, filter: Filter) => boolean;
}

/** Entries that are read at once. A page with fewer is the last one of its range. */
export const pageSize = 500;
