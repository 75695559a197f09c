import { Failure } from "@ordermesh/failure/failure";
import type { Logger } from "@ordermesh/telemetry/logger";
import { decodeCursor, encodeCursor, type FeedCursor, type FeedPosition, isAfter } from "./feed-cursor.ts";
import { feedEnd } from "./feed-epoch.ts";
import { type FeedSource, pageSize } from "./feed-source.ts";
import { type FeedTail, startFeedTail } from "./feed-tail.ts";

export type FeedMessage<Entry> =
  | { readonly kind: "change"; readonly cursor: string; readonly entry: Entry }
  /** At the start, once the past has been told, and from time to time when nothing happened. */
  | { readonly kind: "checkpoint"; readonly cursor: string }
  /** The cursor can not be resumed from: what it is needed for must be read anew. The stream goes on from here. */
  | { readonly kind: "resync"; readonly cursor: string; readonly reason: string };

export interface Feed<Entry, Filter> {
  /**
   * Every entry from a cursor on, each once and in order, until the signal aborts.
   *
   * @param cursor of the last message that was seen; empty for what happens from now on.
   * @throws Failure `invalid_argument` for a malformed cursor; `resource_exhausted` when the caller reads so slowly
   * that its buffer is full, and `unavailable` when this process stops: it resumes from the last cursor that it saw.
   */
  watch(cursor: string, filter: Filter, signal: AbortSignal): AsyncGenerator<FeedMessage<Entry>>;
  /** Tells that this process has committed entries. Those of other replicas are found by looking. */
  wake(): void;
  stop(): Promise<void>;
}

/** A watcher that is further behind than this is told to read everything anew, which is cheaper for both sides. */
const behindMax = 100_000;

const checkpointEveryMs = 15_000;

/**
 * Streams the entries of a table. One loop reads new ones from the database and hands them to all watchers of this
 * process, so that a watcher costs no query of its own once it has caught up. It looks only while somebody watches.
 *
 * @param options.bufferMax a watcher that lets more entries than this lie unread is cut.
 */
export function startFeed<Entry, Filter>(
  options: FeedSource<Entry, Filter> & { readonly logger: Logger; readonly bufferMax?: number },
): Feed<Entry, Filter> {
  const tail = startFeedTail(options, { bufferMax: options.bufferMax ?? 10_000, logger: options.logger });
  const stopping = new AbortController();

  async function* watch(
    cursor: string,
    filter: Filter,
    signal: AbortSignal,
  ): AsyncGenerator<FeedMessage<Entry>> {
    yield* watchUntil(options, tail, { cursor, filter, ended: AbortSignal.any([signal, stopping.signal]) });
    if (stopping.signal.aborted) {
      throw new Failure("unavailable", "This server is going down. Reconnect with the last cursor.", {
        reason: "SHUTTING_DOWN",
        retryAfterMs: 100,
      });
    }
  }

  return {
    watch,
    wake: tail.wake,
    async stop() {
      stopping.abort();
      await tail.stop();
    },
  };
}

async function* watchUntil<Entry, Filter>(
  source: FeedSource<Entry, Filter>,
  tail: FeedTail<Entry, Filter>,
  {
    cursor: text,
    filter,
    ended,
  }: { readonly cursor: string; readonly filter: Filter; readonly ended: AbortSignal },
): AsyncGenerator<FeedMessage<Entry>> {
  const cursor = text === "" ? undefined : decodeCursor(text);
  const { subscription, start, now } = await tail.subscribe(filter);
  const cursorAt = (entry: Entry): FeedCursor => ({ ...source.positionOf(entry), epoch: start.epoch });
  // Without a cursor only what happens from now on is wanted.
  const isWanted = (entry: Entry) =>
    cursor !== undefined || !now.isPast(source.positionOf(entry).transactionId);
  try {
    let seen = cursor ?? start;
    const resyncReason =
      cursor === undefined ? undefined : await reasonToResync(source, cursor, start, filter);
    if (resyncReason !== undefined) {
      seen = start;
      yield { kind: "resync", cursor: encodeCursor(start), reason: resyncReason };
    } else {
      for await (const entry of catchUp(source, seen, start, filter)) {
        seen = cursorAt(entry);
        if (isWanted(entry)) {
          yield { kind: "change", cursor: encodeCursor(seen), entry };
        }
      }
      seen = isAfter(start, seen) ? start : seen;
      yield { kind: "checkpoint", cursor: encodeCursor(seen) };
    }
    while (!ended.aborted) {
      const entries = await subscription.next(checkpointEveryMs, ended);
      for (const entry of entries) {
        // The last page of the past may overlap with the first one that was handed out.
        if (isAfter(source.positionOf(entry), seen)) {
          seen = cursorAt(entry);
          if (isWanted(entry)) {
            yield { kind: "change", cursor: encodeCursor(seen), entry };
          }
        }
      }
      if (entries.length === 0 && !ended.aborted) {
        seen = isAfter(tail.position(), seen) && subscription.isEmpty() ? tail.position() : seen;
        yield { kind: "checkpoint", cursor: encodeCursor(seen) };
      }
    }
  } finally {
    tail.unsubscribe(subscription);
  }
}

/** What lies between a cursor and the place from where on entries are handed out. */
async function* catchUp<Entry, Filter>(
  source: FeedSource<Entry, Filter>,
  cursor: FeedCursor,
  start: FeedCursor,
  filter: Filter,
): AsyncGenerator<Entry> {
  const endId = start.transactionId + 1n;
  let after: FeedPosition = cursor;
  for (let found = pageSize; found === pageSize; ) {
    const range = { after, endId, countMax: pageSize };
    const entries = await source.database.read((db) => source.read(db, range, filter));
    for (const entry of entries) {
      after = source.positionOf(entry);
      if (source.concerns(entry, filter)) {
        yield entry;
      }
    }
    found = entries.length;
  }
}

async function reasonToResync<Entry, Filter>(
  { database, count }: FeedSource<Entry, Filter>,
  cursor: FeedCursor,
  start: FeedCursor,
  filter: Filter,
): Promise<string | undefined> {
  if (cursor.epoch !== start.epoch) {
    return "The cursor belongs to another database.";
  }
  if (cursor.transactionId > start.transactionId) {
    // Either from a replica that has looked more recently, which is no further than now, or from the future.
    const endId = await database.read(feedEnd);
    return cursor.transactionId >= endId ? "The cursor is not of this database's past." : undefined;
  }
  const behind = await database.read((db) => count(db, cursor, behindMax, filter));
  return behind >= behindMax ? `The cursor is more than ${behindMax} changes behind.` : undefined;
}
