/** What several topics have to say, in the order in which it came, for one reader. */
export interface MessageQueue<Item> {
  /** Resolves when there is room for another: whoever waits for that is slowed down to the reader's pace. */
  put(item: Item): Promise<void>;
  /** Ends the reading with an error, once what came before it was taken. */
  fail(error: unknown): void;
  /** The next item, or undefined when the time is over, the signal aborts, or `wake` was called. */
  take(timeoutMs: number, signal: AbortSignal): Promise<Item | undefined>;
  /** Lets a reader that waits look at what has changed elsewhere. */
  wake(): void;
  /** Lets all go who wait for room. Nothing is kept any more. */
  close(): void;
}

/** @param roomFor items that may lie unread. Each who puts may put one more. */
export function createMessageQueue<Item>(roomFor: number): MessageQueue<Item> {
  const items: Item[] = [];
  let waitingForRoom: (() => void)[] = [];
  let resumeReader: (() => void) | undefined;
  let failure: { readonly error: unknown } | undefined;
  let closed = false;

  function makeRoom(): void {
    const waiting = waitingForRoom;
    waitingForRoom = [];
    for (const go of waiting) {
      go();
    }
  }

  return {
    async put(item) {
      if (closed) {
        return;
      }
      items.push(item);
      resumeReader?.();
      if (items.length >= roomFor) {
        await new Promise<void>((resolve) => waitingForRoom.push(resolve));
      }
    },

    fail(error) {
      failure ??= { error };
      resumeReader?.();
    },

    async take(timeoutMs, signal) {
      if (items.length === 0 && failure === undefined && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const done = () => {
            clearTimeout(timer);
            signal.removeEventListener("abort", done);
            resumeReader = undefined;
            resolve();
          };
          const timer = setTimeout(done, timeoutMs);
          signal.addEventListener("abort", done, { once: true });
          resumeReader = done;
        });
      }
      const item = items.shift();
      if (item === undefined && failure !== undefined) {
        throw failure.error;
      }
      if (items.length < roomFor) {
        makeRoom();
      }
      return item;
    },

    wake: () => resumeReader?.(),

    close() {
      closed = true;
      items.length = 0;
      makeRoom();
    },
  };
}
