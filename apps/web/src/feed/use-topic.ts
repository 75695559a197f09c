import type { DescMethodUnary } from "@bufbuild/protobuf";
import { createConnectQueryKey } from "@connectrpc/connect-query";
import type { TopicUpdate } from "@ordermesh/proto/ordermesh/feed/v1/feed_pb";
import { LomsService, type OrderChange } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent } from "react";
import { readAnew } from "../read-anew.ts";
import { useFeed } from "./feed-context.ts";
import { orderAfter, ordersAfter } from "./order-changes.ts";

/** Changes come in flocks: what they touch is read anew once, when they have settled. */
const settleMs = 300;

export interface TopicOptions {
  /** Queries that a change of the topic makes old: all that are shown of these methods are read anew. */
  readonly touches: readonly DescMethodUnary[];
  /** For what is done with a message besides. Orders in the cache are taken on by themselves. */
  readonly onUpdate?: (update: TopicUpdate) => void;
}

/**
 * Keeps what a component shows live: "order/17", "orders", "session/3" … No component opens a stream.
 *
 * @param topic undefined: nothing to watch yet.
 */
export function useTopic(topic: string | undefined, options: TopicOptions): void {
  const feed = useFeed();
  const queryClient = useQueryClient();
  const onUpdate = useEffectEvent((update: TopicUpdate) => options.onUpdate?.(update));
  const touched = useEffectEvent(() => options.touches);

  useEffect(() => {
    if (topic === undefined) {
      return undefined;
    }
    let settling: ReturnType<typeof setTimeout> | undefined;
    let hasBegun = false;
    const readSoon = (delayMs: number) => {
      clearTimeout(settling);
      settling = setTimeout(() => {
        void readAnew(queryClient, touched());
      }, delayMs);
    };
    const stop = feed.watch(topic, (update) => {
      const { what } = update;
      if (what.case === "order") {
        applyOrderChange(queryClient, what.value);
      }
      if (what.case === "checkpoint" && !hasBegun) {
        // What was read before the topic was live may miss a change.
        hasBegun = true;
        readSoon(0);
      } else if (what.case !== "checkpoint" && what.case !== "interruption") {
        readSoon(settleMs);
      }
      onUpdate(update);
    });
    return () => {
      clearTimeout(settling);
      stop();
    };
  }, [topic, feed, queryClient]);
}

function applyOrderChange(queryClient: QueryClient, change: OrderChange): void {
  const { getOrder, listOrders } = LomsService.method;
  queryClient.setQueriesData<{ order?: Parameters<typeof orderAfter>[0] }>(
    { queryKey: createConnectQueryKey({ schema: getOrder, cardinality: "finite" }) },
    (known) => {
      const order = known?.order === undefined ? undefined : orderAfter(known.order, change);
      return known === undefined || order === known.order ? known : { ...known, ...(order && { order }) };
    },
  );
  queryClient.setQueriesData<{ orders: Parameters<typeof ordersAfter>[0] }>(
    { queryKey: createConnectQueryKey({ schema: listOrders, cardinality: "finite" }) },
    (known) => {
      const orders = known === undefined ? undefined : ordersAfter(known.orders, change);
      return known === undefined || orders === undefined || orders === known.orders
        ? known
        : { ...known, orders };
    },
  );
}
