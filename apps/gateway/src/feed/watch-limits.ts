import { Failure } from "@ordermesh/failure/failure";
import type { FeedMetrics } from "./feed-metrics.ts";

/** Bounds what streams cost: each topic is a call that does not end. */
export interface WatchLimits {
  /**
   * @param caller a name that is the same with every token.
   * @returns what gives the place back; call it once.
   * @throws Failure `resource_exhausted`.
   */
  enter(caller: string, topics: number): () => void;
}

/** A browser has up to four, and a person a few browsers. */
const streamsPerCallerMax = 24;

/** A page follows a handful. Without this bound five accounts could take all topics that there are. */
const topicsPerCallerMax = 240;

/** Below the calls that the connections to one service carry at the same time, whatever topics they are of. */
export const topicsMax = 3_500;

const nothing = { streams: 0, topics: 0 };

export function createWatchLimits(metrics: FeedMetrics): WatchLimits {
  const callers = new Map<string, typeof nothing>();
  let topicsOpen = 0;

  function add(caller: string, streams: number, topics: number): void {
    const own = callers.get(caller) ?? nothing;
    const now = { streams: own.streams + streams, topics: own.topics + topics };
    topicsOpen += topics;
    if (now.streams === 0) {
      callers.delete(caller);
    } else {
      callers.set(caller, now);
    }
  }

  return {
    enter(caller, topics) {
      const own = callers.get(caller) ?? nothing;
      if (own.streams >= streamsPerCallerMax || own.topics + topics > topicsPerCallerMax) {
        metrics.refused("caller");
        throw tooMany(
          `You follow ${own.topics} topics in ${own.streams} streams already; there may be ${topicsPerCallerMax} in ${streamsPerCallerMax}. Close some.`,
        );
      }
      if (topicsOpen + topics > topicsMax) {
        metrics.refused("topics");
        throw tooMany("Too many topics are followed at present. Ask from time to time instead.");
      }
      add(caller, 1, topics);
      metrics.opened(topics);
      return () => {
        add(caller, -1, -topics);
        metrics.closed(topics);
      };
    },
  };
}

function tooMany(message: string): Failure {
  return new Failure("resource_exhausted", message, { reason: "TOO_MANY_STREAMS", retryAfterMs: 5_000 });
}
