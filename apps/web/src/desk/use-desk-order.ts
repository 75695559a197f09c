import { useQuery } from "@connectrpc/connect-query";
import { InventoryService } from "@ordermesh/proto/ordermesh/loms/v1/inventory_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { NotificationsService } from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { PaymentsService } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { useTopic } from "../feed/use-topic.ts";
import { useReadAnew } from "../read-anew.ts";
import { useHasRole } from "../session/session-context.ts";

/** All that the desk shows of one order. */
const shown = [
  LomsService.method.getOrder,
  LomsService.method.getHistory,
  LomsService.method.listAllowedActions,
  LomsService.method.getWorkflow,
  LomsService.method.getVoucher,
  LomsService.method.listTimers,
  LomsService.method.explain,
  InventoryService.method.listStockHolds,
  PaymentsService.method.getPayment,
  NotificationsService.method.listNotifications,
  NotificationsService.method.listDeliveries,
];

const historyMax = 500;
const notificationsMax = 500;

/** One order with everything that belongs to it, live. What only the platform may see is asked for by the platform only. */
export function useDeskOrder(orderId: bigint) {
  const enabled = orderId > 0n;
  const isPlatform = useHasRole("platform", "operator");
  const order = useQuery(LomsService.method.getOrder, { orderId }, { enabled });
  const { userId = 0n, workflow = "" } = order.data?.order ?? {};
  const ofBuyer = { userId, pageSize: notificationsMax };
  const seesBuyer = isPlatform && userId > 0n;
  const parts = {
    order,
    history: useQuery(LomsService.method.getHistory, { orderId, pageSize: historyMax }, { enabled }),
    actions: useQuery(LomsService.method.listAllowedActions, { orderId }, { enabled }),
    workflow: useOrderWorkflow(orderId),
    holds: useQuery(
      InventoryService.method.listStockHolds,
      { holdsOf: { case: "orderId", value: orderId } },
      { enabled },
    ),
    // Not there in the first moment, and never for an order without prices.
    payment: useQuery(PaymentsService.method.getPayment, { orderId }, { enabled, retry: 3 }),
    voucher: useQuery(
      LomsService.method.getVoucher,
      { orderId },
      { enabled: enabled && workflow === "service" },
    ),
    timers: useQuery(LomsService.method.listTimers, { orderId }, { enabled: enabled && isPlatform }),
    notifications: useQuery(NotificationsService.method.listNotifications, ofBuyer, { enabled: seesBuyer }),
    deliveries: useQuery(NotificationsService.method.listDeliveries, ofBuyer, { enabled: seesBuyer }),
    isPlatform,
  };
  useTopic(enabled ? `order/${orderId}` : undefined, { touches: shown });
  return parts;
}

export type DeskOrder = ReturnType<typeof useDeskOrder>;

/** An order's workflow, with its way. */
export function useOrderWorkflow(orderId: bigint) {
  return useQuery(LomsService.method.getWorkflow, { orderId }, { enabled: orderId > 0n });
}

/** Reads an order anew, after something was done with it. */
export function useDeskReader(): () => Promise<void> {
  return useReadAnew(shown);
}
