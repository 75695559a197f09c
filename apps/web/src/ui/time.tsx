import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { useSyncExternalStore } from "react";
import { formatDuration, formatMoment, formatRelative, formatWhen, momentOf } from "../format.ts";

/** One clock for all times of a page: it ticks while somebody looks at one of them. */
function createTicker(everyMs: number) {
  const listeners = new Set<() => void>();
  let timer: ReturnType<typeof setInterval> | undefined;
  let now = Date.now();
  return {
    now: () => now,
    subscribe(listener: () => void) {
      listeners.add(listener);
      now = Date.now();
      timer ??= setInterval(() => {
        now = Date.now();
        for (const each of listeners) {
          each();
        }
      }, everyMs);
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) {
          clearInterval(timer);
          timer = undefined;
        }
      };
    },
  };
}

const seconds = createTicker(1_000);
const slow = createTicker(15_000);

/** The time of day, anew each second. */
export function useNow(everySecond = true): number {
  const ticker = everySecond ? seconds : slow;
  return useSyncExternalStore(ticker.subscribe, ticker.now);
}

export interface TimeProps {
  readonly value: Timestamp | undefined;
  /** "10:41" alone, or with how long ago that was. */
  readonly relative?: boolean;
}

/** A moment: the clock first, how long ago, and all of it for who looks closely. */
export function Time({ value, relative = true }: TimeProps) {
  const now = useNow(false);
  const moment = momentOf(value);
  if (moment === undefined) {
    return <span className="quiet">–</span>;
  }
  return (
    <time dateTime={new Date(moment).toISOString()} title={formatMoment(moment)}>
      {formatWhen(moment, now)}
      {relative ? <span className="quiet"> ({formatRelative(moment, now)})</span> : null}
    </time>
  );
}

/** What is left until a moment, counted down each second; `over` once it has passed. */
export function Countdown({ until, over }: { readonly until: Timestamp | undefined; readonly over: string }) {
  const now = useNow();
  const moment = momentOf(until);
  if (moment === undefined) {
    return <span className="quiet">–</span>;
  }
  return (
    <time dateTime={new Date(moment).toISOString()} title={formatMoment(moment)} className="number">
      {moment <= now ? over : formatDuration(moment - now)}
    </time>
  );
}
