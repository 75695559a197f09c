import type { Payment, Refund } from "./payment.ts";
import type { RefusalReason } from "./payment-status.ts";

/** Money that an order wants to be given back. */
export interface OrderRefundRequest {
  readonly orderId: bigint;
  /** The order service's id of the refund: one intent, whatever the number of events that ask for it. */
  readonly orderRefundId: bigint;
  readonly currencyCode: string;
  /** In minor units. */
  readonly amountMinor: bigint;
  /** Why, in words. */
  readonly note: string;
}

/** Why a refund that an order asked for is refused before the provider is asked: stable, for programs. */
export type OrderRefundRefusal = "PAYMENT_NOT_FOUND" | "WRONG_CURRENCY" | RefusalReason;

/** What stands in the way of a refund before anything is decided by amounts. */
export function obstacleOf(
  request: OrderRefundRequest,
  payment: Payment | undefined,
): "PAYMENT_NOT_FOUND" | "WRONG_CURRENCY" | undefined {
  if (payment === undefined) {
    return "PAYMENT_NOT_FOUND";
  }
  return request.currencyCode === payment.currencyCode ? undefined : "WRONG_CURRENCY";
}

/** Whether a request is the one that began a refund: one id stands for one amount. */
export function isSameRequest(request: OrderRefundRequest, payment: Payment, refund: Refund): boolean {
  return (
    refund.paymentId === payment.id &&
    refund.amountMinor === request.amountMinor &&
    payment.currencyCode === request.currencyCode
  );
}

/** Why there will be no refund, in words. */
export function refusalTextOf(refusal: OrderRefundRefusal, request: OrderRefundRequest): string {
  switch (refusal) {
    case "PAYMENT_NOT_FOUND":
      return `Order ${request.orderId} has no payment.`;
    case "WRONG_CURRENCY":
      return `The payment of order ${request.orderId} is not in ${request.currencyCode}.`;
    case "NOTHING_CAPTURED":
      return `Nothing was captured here for order ${request.orderId}.`;
    case "REFUND_EXCEEDS_CAPTURED":
      return `Less than ${request.amountMinor} minor units of ${request.currencyCode} are left of what was captured for order ${request.orderId}.`;
    default:
      return `The payment of order ${request.orderId} can not be given back now: ${refusal}.`;
  }
}
