import { useQuery } from "@connectrpc/connect-query";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { type GetVoucherResponse, VoucherCodeState } from "@ordermesh/proto/ordermesh/loms/v1/voucher_pb";
import { PaymentsService } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { useTopic } from "../feed/use-topic.ts";
import { useReadAnew } from "../read-anew.ts";
import { useOrderAction } from "../use-order-action.ts";

/** All that a page shows of one order. */
const shown = [
  LomsService.method.getOrder,
  LomsService.method.getHistory,
  LomsService.method.listAllowedActions,
  LomsService.method.getVoucher,
  PaymentsService.method.getPayment,
];

const historyMax = 500;
/** Somebody at a counter waits for it. */
const codesEveryMs = 3_000;

/** One order with everything that belongs to it, live. */
export function useOrder(orderId: bigint) {
  const enabled = orderId > 0n;
  const order = useQuery(LomsService.method.getOrder, { orderId }, { enabled });
  const isService = order.data?.order?.workflow === "service";
  const parts = {
    order,
    history: useQuery(LomsService.method.getHistory, { orderId, pageSize: historyMax }, { enabled }),
    actions: useQuery(LomsService.method.listAllowedActions, { orderId }, { enabled }),
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
  };
  useTopic(enabled ? `order/${orderId}` : undefined, { touches: shown });
  return parts;
}

function hasUnusedCodes(voucher: GetVoucherResponse | undefined): boolean {
  return voucher?.codes.some(({ state }) => state === VoucherCodeState.UNUSED) ?? false;
}

/** Reads an order anew, after one has done something with it. */
export function useOrderReader(): () => Promise<void> {
  return useReadAnew(shown);
}

/** Takes an action with an order, and shows what came of it. */
export function useBuyerAction(orderId: bigint) {
  return useOrderAction(orderId, useOrderReader());
}
