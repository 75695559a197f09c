import { Failure } from "@ordermesh/failure/failure";
import type { Tx } from "@ordermesh/postgres/tx";
import { bookRefund } from "./book-refund.ts";
import {
  isSameRequest,
  type OrderRefundRefusal,
  type OrderRefundRequest,
  obstacleOf,
} from "./domain/order-refund.ts";
import type { Payment } from "./domain/payment.ts";
import { refusedRefundEvent } from "./events/outgoing.ts";
import type { PaymentChanges } from "./payment-changes.ts";
import { findRefundOfOrder, insertRefusedOrderRefund } from "./sql/refunds.ts";

/** What became of a request; `begun`: the provider is to be asked now. */
export type OrderRefundAnswer = "begun" | "repeated" | "refused";

export interface HandledOrderRefund {
  readonly answer: OrderRefundAnswer;
  /** As it is now. */
  readonly payment: Payment | undefined;
}

/**
 * Begins a refund that an order asked for, once for each of the order service's ids: while one is under way or made,
 * asking again changes nothing. What can not be given back is refused with an event that says why, because the order
 * waits for an answer.
 *
 * @param payment the order's, whose row this transaction has locked; undefined if there is none.
 * @throws Failure `invalid_argument` if the id was used for another amount or order: that is no repetition, and neither of
 * the two can be told to be the one that is meant.
 */
export async function beginOrderRefund(
  tx: Tx,
  changes: PaymentChanges,
  payment: Payment | undefined,
  request: OrderRefundRequest,
  traceparent: string,
): Promise<HandledOrderRefund> {
  const { orderRefundId, amountMinor, note } = request;

  function refuse(refusal: OrderRefundRefusal): HandledOrderRefund {
    insertRefusedOrderRefund(tx, request, refusal);
    changes.tell(refusedRefundEvent(payment, request, refusal, traceparent));
    return { payment, answer: "refused" };
  }

  const earlier = await findRefundOfOrder(tx, orderRefundId);
  if (earlier !== undefined) {
    if (payment === undefined || !isSameRequest(request, payment, earlier)) {
      throw new Failure(
        "invalid_argument",
        `Refund ${orderRefundId} of order ${request.orderId} was begun before, for another amount or order.`,
        { reason: "REFUND_ID_REUSED" },
      );
    }
    return { payment, answer: "repeated" };
  }
  const obstacle = obstacleOf(request, payment);
  if (payment === undefined || obstacle !== undefined) {
    return refuse(obstacle ?? "PAYMENT_NOT_FOUND");
  }
  const booked = await bookRefund(tx, changes, payment, {
    amountMinor,
    reason: "order_refund",
    note,
    requestedBy: `order refund ${orderRefundId}`,
    traceparent,
    checkAfterMs: 0,
    orderRefundId,
  });
  return booked.kind === "refused" ? refuse(booked.reason) : { payment: booked.payment, answer: "begun" };
}
