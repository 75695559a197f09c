import { Failure } from "@ordermesh/failure/failure";

/** What one watcher has not read yet. */
export interface FeedSubscription<Entry> {
  /** Keeps the entries that the watcher wants. */
  push(entries: readonly Entry[]): void;
  /**
   * Takes all that has come, waiting for some until the time is over or the signal aborts: then it is empty.
   *
   * @throws Failure `resource_exhausted` once the buffer has overflowed.
   */
  next(timeoutMs: number, signal: AbortSignal): Promise<readonly Entry[]>;
  isEmpty(): boolean;
}

/**
 * @param options.bufferMax a watcher that lets more entries lie is cut, so that one slow reader can not fill the memory.
 */
export function createFeedSubscription<Entry>(options: {
  readonly wants: (entry: Entry) => boolean;
  readonly bufferMax: number;
}): FeedSubscription<Entry> {
  const { wants, bufferMax } = options;
  let buffer: Entry[] = [];
  let overflowed = false;
  let resume: (() => void) | undefined;

  return {
    push(entries) {
      for (const entry of entries) {
        if (!overflowed && wants(entry)) {
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
