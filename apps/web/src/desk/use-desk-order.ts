import { useQuery } from "@connectrpc/connect-query";
import { InventoryService } from "@ordermesh/proto/ordermesh/loms/v1/inventory_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { type GetVoucherResponse, VoucherCodeState } from "@ordermesh/proto/ordermesh/loms/v1/voucher_pb";
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
/** Somebody at a counter waits for it. */
const codesEveryMs = 3_000;

/** One order with everything that belongs to it, live. What only the platform may see is asked for by the platform only. */
export function useDeskOrder(orderId: bigint) {
  const enabled = orderId > 0n;
  const isPlatform = useHasRole("platform", "operator");
  const order = useQuery(LomsService.method.getOrder, { orderId }, { enabled });
  const isService = order.data?.order?.workflow === "service";
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
      {
        enabled: enabled && isService,
        // That a code was used is no step of the order, so that the feed does not tell it.
        refetchInterval: ({ state }) => (hasUnusedCodes(state.data) ? codesEveryMs : false),
      },
    ),
    timers: useQuery(LomsService.method.listTimers, { orderId }, { enabled: enabled && isPlatform }),
    isPlatform,
  };
  useTopic(enabled ? `order/${orderId}` : undefined, { touches: shown });
  return parts;
}

function hasUnusedCodes(voucher: GetVoucherResponse | undefined): boolean {
  return voucher?.codes.some(({ state }) => state === VoucherCodeState.UNUSED) ?? false;
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
