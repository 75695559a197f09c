import {
  type ActOnOrderRequest,
  type ListKitchenQueueRequest,
  type PlaceOrderRequest,
  TableAction as TableActionMessage,
} from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { callOf } from "@ordermesh/rpc/call";
import { actOnOrder } from "../act-on-order.ts";
import { badRequest } from "../domain/session-failures.ts";
import { isPlaced, type OrderState, unservedStatuses } from "../domain/session-order.ts";
import type { TableAction } from "../domain/table-action.ts";
import { orderMessage, orderStatusOf } from "../events/session-messages.ts";
import { placeOrder } from "../place-order.ts";
import { callerOf } from "../session-access.ts";
import { listKitchenOrders } from "../sql/kitchen-queue.ts";
import { requireStaff } from "../staff.ts";
import type { TableDesk } from "../table-desk.ts";

type Context = Parameters<typeof callOf>[0];

const queueLengthDefault = 200;

const actions: Readonly<Record<TableActionMessage, TableAction | undefined>> = {
  [TableActionMessage.UNSPECIFIED]: undefined,
  [TableActionMessage.ACCEPT]: "accept",
  [TableActionMessage.DECLINE]: "decline",
  [TableActionMessage.PREPARE]: "prepare",
  [TableActionMessage.SERVE]: "serve",
  [TableActionMessage.CANCEL]: "cancel",
};

/** The calls of TablesService that are about orders. */
export function orderCalls(desk: TableDesk) {
  return {
    async placeOrder(request: PlaceOrderRequest, context: Context) {
      const call = callOf(context);
      const wanted = {
        sessionId: request.sessionId,
        guestId: request.guestId === 0n ? undefined : request.guestId,
        lines: request.lines,
        note: request.note,
        idempotencyKey: request.idempotencyKey,
      };
      const { session, order, replayed } = await placeOrder(desk, callerOf(call), wanted, call);
      return { order: orderMessage(order, session.currencyCode), replayed };
    },

    async actOnOrder({ sessionId, orderId, action, reason }: ActOnOrderRequest, context: Context) {
      const call = callOf(context);
      const wanted = actions[action];
      if (wanted === undefined) {
        throw badRequest("action", "is unknown");
      }
      const request = { sessionId, orderId, action: wanted, reason };
      const { session, order, changed } = await actOnOrder(desk, callerOf(call), request, call);
      return { order: orderMessage(order, session.currencyCode), changed };
    },

    async listKitchenQueue(request: ListKitchenQueueRequest, context: Context) {
      const call = callOf(context);
      const { locationId, count } = request;
      const statuses = statusesOf(request);
      const found = await desk.database.read(async (db) => {
        await requireStaff(db, locationId, call);
        return await listKitchenOrders(db, locationId, statuses, count || queueLengthDefault);
      });
      return {
        orders: found.flatMap(({ order, sessionName, guestNickname, currencyCode }) =>
          isPlaced(order)
            ? {
                order: orderMessage(order, currencyCode),
                sessionId: order.sessionId,
                sessionName,
                guestNickname,
              }
            : [],
        ),
      };
    },
  };
}

function statusesOf({ statuses }: ListKitchenQueueRequest): readonly OrderState["status"][] {
  if (statuses.length === 0) {
    return unservedStatuses;
  }
  return statuses.map((message, index) => {
    const status = orderStatusOf(message);
    if (status === undefined) {
      throw badRequest(`statuses[${index}]`, "is none that orders at tables have");
    }
    return status;
  });
}
