import type { Feed, FeedOptions } from "./feed.ts";
import type { FeedStatus } from "./feed-status.ts";

const idle: FeedStatus = { kind: "idle" };

/** A feed whose code is loaded once something is to be live: who only looks around does without it. */
export function feedOnDemand(options: FeedOptions): Feed {
  const listeners = new Set<() => void>();
  let feed: Feed | undefined;
  let loading: Promise<Feed> | undefined;

  async function load(): Promise<Feed> {
    const { startFeed } = await import("./feed.ts");
    feed = startFeed(options);
    feed.subscribe(() => {
      for (const listener of listeners) {
        listener();
      }
    });
    return feed;
  }

  return {
    watch(topic, listener) {
      let isOver = false;
      let stop: (() => void) | undefined;
      loading ??= load();
      void loading.then((started) => {
        if (!isOver) {
          stop = started.watch(topic, listener);
        }
      });
      return () => {
        isOver = true;
        stop?.();
      };
    },
    status: () => feed?.status() ?? idle,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    tryNow: () => feed?.tryNow(),
  };
}
