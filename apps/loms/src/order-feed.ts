import { Failure } from "@ordermesh/failure/failure";
import type { Database } from "@ordermesh/postgres/database";
import { backoffMs, pause } from "@ordermesh/process/wait";
import { createWakeUp } from "@ordermesh/process/wake-up";
import type { Logger } from "@ordermesh/telemetry/logger";
import { cursorBefore, decodeCursor, encodeCursor, type FeedCursor, isAfter } from "./domain/feed-cursor.ts";
import {
  concerns,
  createFeedSubscription,
  type FeedFilter,
  type FeedSubscription,
} from "./feed-subscription.ts";
import { countFeed, type FeedEntry, feedEnd, readFeed } from "./sql/order-feed.ts";

export type FeedMessage =
  | { readonly kind: "change"; readonly cursor: string; readonly entry: FeedEntry }
  | { readonly kind: "checkpoint"; readonly cursor: string }
  | { readonly kind: "resync"; readonly cursor: string; readonly reason: string };

export interface OrderFeed {
  /**
   * Every status change from a cursor on, each once and in order, until the signal aborts.
   *
   * @param cursor of the last message that was seen; empty for what happens from now on.
   * @throws Failure `invalid_argument` for a malformed cursor; `resource_exhausted` when the caller reads so slowly
   * that its buffer is full: it resumes from the last cursor that it saw.
   */
  watch(cursor: string, filter: FeedFilter, signal: AbortSignal): AsyncGenerator<FeedMessage>;
  /** Tells that this process has committed changes. Those of other replicas are found by looking. */
  wake(): void;
  stop(): Promise<void>;
}

/** A watcher that is further behind than this is told to read the orders anew, which is cheaper for both sides. */
const behindMax = 100_000;

const pageSize = 500;
const lookEveryMs = 50;
const checkpointEveryMs = 15_000;

/**
 * One loop reads new changes from the database and hands them to all watchers of this process, so that a watcher
 * costs no query of its own once it has caught up. It looks only while somebody watches.
 */
export function startOrderFeed(options: {
  readonly database: Database;
  /** From openFeedEpoch; asked for when the first watcher comes, because the database may be down before. */
  readonly openEpoch: () => Promise<string>;
  readonly logger: Logger;
}): OrderFeed {
  const { database, logger } = options;
  const stopping = new AbortController();
  const subscriptions = new Set<FeedSubscription>();
  let epoch: Promise<string> | undefined;
  const wakeUp = createWakeUp(stopping.signal);
  /** Everything up to here has been handed out. Kept up to date only while somebody watches. */
  let tail: FeedCursor = cursorBefore("", 1n);
  let looking: Promise<void> | undefined;

  function currentEpoch(): Promise<string> {
    epoch ??= options.openEpoch().catch((error) => {
      epoch = undefined;
      throw error;
    });
    return epoch;
  }

  /**
   * Reads what has become complete since the last look and hands it out. The tail moves on with each page, in the
   * same turn, so that whoever subscribes meanwhile starts exactly behind what it was not handed.
   */
  async function look(): Promise<void> {
    const endId = await database.read(feedEnd);
    for (let count = pageSize; count === pageSize; ) {
      const after = tail;
      const entries = await database.read((db) => readFeed(db, after, endId, pageSize));
      for (const subscription of subscriptions) {
        subscription.push(entries);
      }
      const last = entries.at(-1);
      count = entries.length;
      tail =
        count < pageSize || last === undefined
          ? cursorBefore(tail.epoch, endId)
          : { ...tail, ...positionOf(last) };
    }
  }

  async function lookWhileWatched(): Promise<void> {
    let failures = 0;
    while (subscriptions.size > 0 && !stopping.signal.aborted) {
      try {
        await look();
        failures = 0;
      } catch (error) {
        failures += 1;
        if (failures % 20 === 1) {
          logger.warn({ err: error }, "watchers wait");
        }
        await pause(backoffMs(failures, 100, 2_000), stopping.signal);
      }
      await wakeUp.wait(lookEveryMs);
    }
    looking = undefined;
  }

  /** From here on no change is missed: what is complete is read from the database, the rest is pushed. */
  async function subscribe(
    filter: FeedFilter,
  ): Promise<{ subscription: FeedSubscription; start: FeedCursor }> {
    const end = cursorBefore(await currentEpoch(), await database.read(feedEnd));
    if (looking === undefined) {
      tail = end;
    }
    const subscription = createFeedSubscription(filter);
    subscriptions.add(subscription);
    looking ??= lookWhileWatched();
    return { subscription, start: tail };
  }

  async function* catchUp(
    cursor: FeedCursor,
    start: FeedCursor,
    filter: FeedFilter,
  ): AsyncGenerator<FeedEntry> {
    let position = cursor;
    for (let count = pageSize; count === pageSize; ) {
      const after = position;
      const entries = await database.read((db) => readFeed(db, after, start.transactionId + 1n, pageSize));
      for (const entry of entries) {
        position = { ...position, ...entry };
        if (concerns(entry, filter)) {
          yield entry;
        }
      }
      count = entries.length;
    }
  }

  async function reasonToResync(cursor: FeedCursor, start: FeedCursor): Promise<string | undefined> {
    if (cursor.epoch !== start.epoch) {
      return "The cursor belongs to another database.";
    }
    if (cursor.transactionId > start.transactionId) {
      // Either from a replica that has looked more recently, which is no further than now, or from the future.
      const endId = await database.read(feedEnd);
      return cursor.transactionId >= endId ? "The cursor is not of this database's past." : undefined;
    }
    const behind = await database.read((db) => countFeed(db, cursor, behindMax));
    return behind >= behindMax ? `The cursor is more than ${behindMax} changes behind.` : undefined;
  }

  async function* watch(text: string, filter: FeedFilter, signal: AbortSignal): AsyncGenerator<FeedMessage> {
    const cursor = text === "" ? undefined : decodeCursor(text);
    const { subscription, start } = await subscribe(filter);
    const ended = AbortSignal.any([signal, stopping.signal]);
    try {
      let seen = cursor ?? start;
      const resyncReason = cursor === undefined ? undefined : await reasonToResync(cursor, start);
      if (resyncReason !== undefined) {
        seen = start;
        yield { kind: "resync", cursor: encodeCursor(start), reason: resyncReason };
      } else {
        for await (const entry of catchUp(seen, start, filter)) {
          seen = { epoch: start.epoch, ...positionOf(entry) };
          yield { kind: "change", cursor: encodeCursor(seen), entry };
        }
        seen = isAfter(start, seen) ? start : seen;
        yield { kind: "checkpoint", cursor: encodeCursor(seen) };
      }
      while (!ended.aborted) {
        const entries = await subscription.next(checkpointEveryMs, ended);
        for (const entry of entries.filter((candidate) => isAfter(candidate, seen))) {
          seen = { epoch: start.epoch, ...positionOf(entry) };
          yield { kind: "change", cursor: encodeCursor(seen), entry };
        }
        if (entries.length === 0 && !ended.aborted) {
          seen = isAfter(tail, seen) && subscription.isEmpty() ? tail : seen;
          yield { kind: "checkpoint", cursor: encodeCursor(seen) };
        }
      }
    } finally {
      subscriptions.delete(subscription);
    }
    if (stopping.signal.aborted) {
      throw new Failure("unavailable", "This server is going down. Reconnect with the last cursor.", {
        reason: "SHUTTING_DOWN",
        retryAfterMs: 100,
      });
    }
  }

  return {
    watch,
    wake: wakeUp.wake,
    async stop() {
      stopping.abort();
      await looking;
    },
  };
}

function positionOf({ transactionId, orderId, version }: FeedEntry) {
  return { transactionId, orderId, version };
}
