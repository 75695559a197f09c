import { backoffMs, pause } from "@ordermesh/process/wait";
import { createWakeUp } from "@ordermesh/process/wake-up";
import type { Logger } from "@ordermesh/telemetry/logger";
import { cursorBefore, type FeedCursor } from "./feed-cursor.ts";
import { type FeedMoment, feedEnd, feedMoment } from "./feed-epoch.ts";
import { type FeedSource, pageSize } from "./feed-source.ts";
import { createFeedSubscription, type FeedSubscription } from "./feed-subscription.ts";

/** The end of a feed, as it grows. */
export interface FeedTail<Entry, Filter> {
  /** Everything up to here has been handed out. Kept up to date only while somebody is subscribed. */
  position(): FeedCursor;
  /** From `start` on, no entry is missed: what lies before is complete in the database, the rest is handed out. */
  subscribe(filter: Filter): Promise<FeedStart<Entry>>;
  unsubscribe(subscription: FeedSubscription<Entry>): void;
  wake(): void;
  stop(): Promise<void>;
}

export interface FeedStart<Entry> {
  readonly subscription: FeedSubscription<Entry>;
  readonly start: FeedCursor;
  /** When the watcher came. What is handed out may still be older, by a look or by the oldest open transaction. */
  readonly now: FeedMoment;
}

const lookEveryMs = 50;

/** Looks for new entries while somebody is subscribed, and hands them to all subscriptions of this process. */
export function startFeedTail<Entry, Filter>(
  source: FeedSource<Entry, Filter>,
  options: { readonly bufferMax: number; readonly logger: Logger },
): FeedTail<Entry, Filter> {
  const { database, read, positionOf, concerns } = source;
  const stopping = new AbortController();
  const wakeUp = createWakeUp(stopping.signal);
  const subscriptions = new Set<FeedSubscription<Entry>>();
  let epoch: Promise<string> | undefined;
  let tail: FeedCursor = cursorBefore("", 1n);
  let looking: Promise<void> | undefined;

  function currentEpoch(): Promise<string> {
    epoch ??= source.openEpoch().catch((error) => {
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
    for (let found = pageSize; found === pageSize; ) {
      const after = tail;
      const entries = await database.read((db) => read(db, { after, endId, countMax: pageSize }, undefined));
      if (entries.length > 0) {
        for (const subscription of subscriptions) {
          subscription.push(entries);
        }
      }
      const last = entries.at(-1);
      found = entries.length;
      const isLastPage = found < pageSize || last === undefined;
      tail = isLastPage ? cursorBefore(tail.epoch, endId) : { epoch: tail.epoch, ...positionOf(last) };
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
          options.logger.warn({ err: error }, "watchers wait");
        }
        await pause(backoffMs(failures, 100, 2_000), stopping.signal);
      }
      await wakeUp.wait(lookEveryMs);
    }
    looking = undefined;
  }

  return {
    position: () => tail,

    async subscribe(filter) {
      const currentName = await currentEpoch();
      const now = await database.read(feedMoment);
      if (looking === undefined) {
        tail = cursorBefore(currentName, now.endId);
      }
      const wants = (entry: Entry) => concerns(entry, filter);
      const subscription = createFeedSubscription<Entry>({ wants, bufferMax: options.bufferMax });
      subscriptions.add(subscription);
      looking ??= lookWhileWatched();
      return { subscription, start: tail, now };
    },

    unsubscribe(subscription) {
      subscriptions.delete(subscription);
    },

    wake: wakeUp.wake,
    async stop() {
      stopping.abort();
      await looking;
    },
  };
}
