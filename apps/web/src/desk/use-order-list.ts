import { createConnectQueryKey, useInfiniteQuery, useQuery } from "@connectrpc/connect-query";
import {
  type ListOrdersResponse,
  LomsService,
  type OrderChange,
} from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import type { Order } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { type InfiniteData, keepPreviousData, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { ordersAfter } from "../feed/order-changes.ts";
import { useTopic } from "../feed/use-topic.ts";
import { useNow } from "../ui/time.tsx";
import { type ListFields, listRequest, searchedNumber, statusesOf } from "./order-filter.ts";

/** Orders that are asked for at once. */
export const pageSize = 200;

/** New orders come in flocks. */
const settleMs = 300;

const listOrders = LomsService.method.listOrders;

/**
 * The orders that the address asks for, live. What changes is shown in its place; what is new is shown at once while one
 * is at the top of the list, and waits behind a button while one reads further down.
 *
 * @param wanted so many rows shall be there at least: one comes back to where one was.
 */
export function useOrderList(fields: ListFields, wanted: number) {
  const request = listRequest(fields, useNow(false), pageSize);
  const query = useInfiniteQuery(listOrders, request, {
    pageParamKey: "pageToken",
    getNextPageParam: (page) => (page.nextPageToken === "" ? undefined : page.nextPageToken),
    placeholderData: keepPreviousData,
  });
  const searched = searchedNumber(fields);
  const found = useQuery(
    LomsService.method.getOrder,
    { orderId: searched ?? 0n },
    { enabled: searched !== undefined, retry: false },
  );
  const live = useLiveList(fields, () => query.refetch());
  const listed = query.data?.pages.flatMap(({ orders }) => orders) ?? [];
  const direct = searched === undefined ? undefined : matching(fields, found.data?.order);
  const rows =
    direct === undefined ? listed : [direct, ...listed.filter(({ orderId }) => orderId !== direct.orderId)];

  const { hasNextPage, isFetchingNextPage, isPlaceholderData, fetchNextPage } = query;
  const isShort = listed.length < wanted && hasNextPage && !isPlaceholderData;
  useEffect(() => {
    if (isShort && !isFetchingNextPage) {
      void fetchNextPage();
    }
  }, [isShort, isFetchingNextPage, fetchNextPage]);

  return {
    query,
    rows,
    isLookingUp: searched !== undefined && found.isPending,
    hasMore: hasNextPage,
    loadMore: () => {
      if (hasNextPage && !isFetchingNextPage && !isPlaceholderData) {
        void fetchNextPage();
      }
    },
    ...live,
  };
}

/** The order of a number that was searched for, if it is in a state that is looked for. */
function matching(fields: ListFields, order: Order | undefined): Order | undefined {
  const statuses = statusesOf(fields);
  const fits = order !== undefined && (statuses.length === 0 || statuses.includes(order.status));
  return fits ? order : undefined;
}

/** Takes on what the feed tells, and counts what is not in the list yet. */
function useLiveList(fields: ListFields, read: () => unknown) {
  const queryClient = useQueryClient();
  const [changed, setChanged] = useState<ReadonlySet<bigint>>(new Set());
  const [fresh, setFresh] = useState<ReadonlySet<bigint>>(new Set());
  const settling = useRef<ReturnType<typeof setTimeout>>(undefined);
  const hasBegun = useRef(false);
  const showFresh = () => {
    setFresh(new Set());
    void read();
  };
  const readSoon = () => {
    clearTimeout(settling.current);
    settling.current = setTimeout(showFresh, settleMs);
  };
  useEffect(() => () => clearTimeout(settling.current), []);
  useTopic("orders", {
    touches: [],
    onUpdate({ what }) {
      if (what.case === "resync" || (what.case === "checkpoint" && !hasBegun.current)) {
        hasBegun.current = true;
        readSoon();
      }
      if (what.case !== "order") {
        return;
      }
      const { orderId } = what.value;
      if (applyToList(queryClient, what.value)) {
        setChanged((known) => new Set([...known].slice(-50)).add(orderId));
      } else if (mayBelong(fields, what.value)) {
        setFresh((known) => new Set(known).add(orderId));
        if (isAtTop()) {
          readSoon();
        }
      }
    },
  });
  return {
    freshCount: fresh.size,
    showFresh,
    isChanged: ({ orderId }: Order) => changed.has(orderId),
  };
}

/** @returns whether the order is in a list. */
function applyToList(queryClient: ReturnType<typeof useQueryClient>, change: OrderChange): boolean {
  let isListed = false;
  queryClient.setQueriesData<InfiniteData<ListOrdersResponse>>(
    { queryKey: createConnectQueryKey({ schema: listOrders, cardinality: "infinite" }) },
    (known) => {
      if (known === undefined) {
        return known;
      }
      const pages = known.pages.map((page) => {
        isListed ||= page.orders.some(({ orderId }) => orderId === change.orderId);
        const orders = ordersAfter(page.orders, change);
        return orders === page.orders ? page : { ...page, orders: [...orders] };
      });
      return pages.some((page, index) => page !== known.pages[index]) ? { ...known, pages } : known;
    },
  );
  return isListed;
}

/** Whether an order that is not in the list may belong there now. */
function mayBelong(fields: ListFields, { status, userId }: OrderChange): boolean {
  const statuses = statusesOf(fields);
  const searched = searchedNumber(fields);
  return (
    (statuses.length === 0 || statuses.includes(status)) && (searched === undefined || searched === userId)
  );
}

function isAtTop(): boolean {
  return window.scrollY < 8;
}
