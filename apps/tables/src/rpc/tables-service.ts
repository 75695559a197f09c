import type { ServiceImpl } from "@connectrpc/connect";
import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { type BoundService, bindService } from "@ordermesh/rpc/bound-service";
import { callOf } from "@ordermesh/rpc/call";
import type { Networks } from "@ordermesh/rpc/client-address";
import type { SessionFeed } from "../session-feed.ts";
import type { TableDesk } from "../table-desk.ts";
import type { TableMetrics } from "../table-metrics.ts";
import { watchLocation } from "../watch-location.ts";
import { watchSession } from "../watch-session.ts";
import { invitationCalls } from "./invitation-handlers.ts";
import { orderCalls } from "./order-handlers.ts";
import { sessionCalls } from "./session-handlers.ts";

export interface TablesHandlers {
  readonly desk: TableDesk;
  readonly feed: SessionFeed;
  readonly metrics: TableMetrics;
  /** Whose word about where a call came from is taken. */
  readonly trustedProxies: Networks;
  readonly billCalls: BillCalls;
}

type BillCalls = Pick<
  ServiceImpl<typeof TablesService>,
  "makeBill" | "voidBill" | "createGuestPaymentMethod" | "payShare" | "settleShare"
>;

export function bindTablesService(handlers: TablesHandlers): BoundService {
  const { desk, feed, metrics } = handlers;
  return bindService(TablesService, {
    ...sessionCalls(desk),
    ...invitationCalls(handlers),
    ...orderCalls(desk),
    ...handlers.billCalls,
    watchSession: (request, context) =>
      metrics.watched("session", watchSession({ desk, feed }, request, callOf(context))),
    watchLocation: (request, context) =>
      metrics.watched("location", watchLocation({ desk, feed }, request, callOf(context))),
  });
}
