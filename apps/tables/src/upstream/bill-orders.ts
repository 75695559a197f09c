import type { Client } from "@connectrpc/connect";
import type { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { upstreamFailure } from "@ordermesh/rpc/upstream-failure";
import type { OrderState } from "../domain/session-order.ts";

/** What bills ask of LOMS. */
export interface BillOrders {
  /**
   * Tells that an order is paid; repeated, it changes nothing.
   *
   * @throws Failure `failed_precondition` if the order was not served.
   */
  pay(orderId: bigint, traceparent: string): Promise<OrderState>;
}

const timeoutMs = 5_000;

export function createBillOrders(orders: Client<typeof LomsService>): BillOrders {
  return {
    async pay(orderId, traceparent) {
      const { version } = await orders
        .payOrder({ orderId }, { headers: { traceparent }, timeoutMs })
        .catch((error: unknown) => {
          throw upstreamFailure("LOMS", error);
        });
      return { status: "paid", version, reason: "" };
    },
  };
}
