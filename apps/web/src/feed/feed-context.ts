import { createContext, useContext, useSyncExternalStore } from "react";
import type { Feed } from "./feed.ts";
import type { FeedStatus } from "./feed-status.ts";

export const FeedContext = createContext<Feed | undefined>(undefined);

export function useFeed(): Feed {
  const feed = useContext(FeedContext);
  if (feed === undefined) {
    throw new Error("There is no feed around this component.");
  }
  return feed;
}

export function useFeedStatus(): FeedStatus {
  const { subscribe, status } = useFeed();
  return useSyncExternalStore(subscribe, status);
}
