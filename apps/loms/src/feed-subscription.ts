import { Failure } from "@ordermesh/failure/failure";
import type { FeedEntry } from "./sql/order-feed.ts";

export interface FeedFilter {
  readonly userId: bigint | undefined;
  readonly orderId: bigint | undefined;
}

export function concerns(entry: FeedEntry, filter: FeedFilter): boolean {
  return (
    (filter.userId === undefined || filter.userId === entry.userId) &&
    (filter.orderId === undefined || filter.orderId === entry.orderId)
  );
}

/** What one watcher has not read yet. */
export interface FeedSubscription {
  /** Keeps the entries that the watcher wants. */
  push(entries: readonly FeedEntry[]): void;
  /**
   * Takes all that has come, waiting for some until the time is over or the signal aborts: then it is empty.
   *
   * @throws Failure `resource_exhausted` once the buffer has overflowed.
   */
  next(timeoutMs: number, signal: AbortSignal): Promise<readonly FeedEntry[]>;
  isEmpty(): boolean;
}

/** A watcher that lets this many changes lie is cut, so that one slow reader can not fill the memory. */
const bufferMax = 10_000;

export function createFeedSubscription(filter: FeedFilter): FeedSubscription {
  let buffer: FeedEntry[] = [];
  let overflowed = false;
  let resume: (() => void) | undefined;

  return {
    push(entries) {
      for (const entry of entries) {
        if (concerns(entry, filter)) {
          buffer.push(entry);
        }
      }
      if (buffer.length > bufferMax) {
        overflowed = true;
        buffer = [];
      }
      if (buffer.length > 0 || overflowed) {
        resume?.();
      }
    },

    async next(timeoutMs, signal) {
      if (buffer.length === 0 && !overflowed && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const done = () => {
            clearTimeout(timer);
            signal.removeEventListener("abort", done);
            resume = undefined;
            resolve();
          };
          const timer = setTimeout(done, timeoutMs);
          signal.addEventListener("abort", done, { once: true });
          resume = done;
        });
      }
      if (overflowed) {
        throw new Failure(
          "resource_exhausted",
          "The stream was read too slowly. Resume from the last cursor.",
          {
            reason: "SLOW_READER",
            retryAfterMs: 100,
          },
        );
      }
      const taken = buffer;
      buffer = [];
      return taken;
    },

    isEmpty: () => buffer.length === 0,
  };
}
