import type { ListBacklogsResponse } from "@ordermesh/proto/ordermesh/operations/v1/operations_pb";
import { useState } from "react";

/** How deep the outbox of each service was, the newest reading last. */
export type DepthHistory = ReadonlyMap<string, readonly number[]>;

/** So many readings are kept: at one every five seconds, the last minute and a half. */
export const readingsMax = 18;

/** One more reading. A service that could not be asked has none: its row has no figure either. */
export function withReading(
  history: DepthHistory,
  backlogs: ListBacklogsResponse["backlogs"],
): ReadonlyMap<string, readonly number[]> {
  const next = new Map(history);
  for (const { service, backlog } of backlogs) {
    if (backlog?.outbox !== undefined) {
      const readings = [...(next.get(service) ?? []), backlog.outbox.depth];
      next.set(service, readings.slice(-readingsMax));
    }
  }
  return next;
}

interface Read {
  readonly at: number;
  readonly history: DepthHistory;
}

/** What was read since the page was opened: nobody keeps it, it only shows whether an outbox fills or empties. */
export function useDepthHistory(backlogs: ListBacklogsResponse | undefined, readAt: number): DepthHistory {
  const [read, setRead] = useState<Read>({ at: 0, history: new Map() });
  if (backlogs !== undefined && readAt !== read.at) {
    setRead({ at: readAt, history: withReading(read.history, backlogs.backlogs) });
  }
  return read.history;
}
