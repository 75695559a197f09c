import { useInfiniteQuery } from "@connectrpc/connect-query";
import { NotificationsService } from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { useHasRole } from "../session/session-context.ts";

const pageSize = 50;
/** A page of them covers a page of notifications: each is delivered once on each of four channels, in their order. */
const deliveriesPageSize = 4 * pageSize;

/** They are made after the order's own news, and what becomes of a delivery is no step of the order at all. */
const everyMs = 5_000;

const { listNotifications, listDeliveries } = NotificationsService.method;

/** What was told of an order, newest first, page by page. Deliveries are asked for by the platform only. */
export function useOrderMessages(orderId: bigint) {
  const isPlatform = useHasRole("platform", "operator");
  const isLive = orderId > 0n;
  const query = useInfiniteQuery(
    listNotifications,
    { orderId, pageSize, pageToken: "" },
    { ...paging, enabled: isLive, refetchInterval: everyMs },
  );
  const delivered = useInfiniteQuery(
    listDeliveries,
    { orderId, pageSize: deliveriesPageSize, pageToken: "" },
    { ...paging, enabled: isLive && isPlatform, refetchInterval: everyMs },
  );
  return {
    query,
    deliveries: delivered.data?.pages.flatMap(({ deliveries }) => deliveries) ?? [],
    hasOlder: query.hasNextPage,
    isLoadingOlder: query.isFetchingNextPage,
    loadOlder: () => {
      void query.fetchNextPage();
      if (delivered.hasNextPage) {
        void delivered.fetchNextPage();
      }
    },
  };
}

const paging = {
  pageParamKey: "pageToken",
  getNextPageParam: ({ nextPageToken }: { readonly nextPageToken: string }) =>
    nextPageToken === "" ? undefined : nextPageToken,
} as const;
