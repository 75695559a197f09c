import {
  CancelReason as CancelReasonMessage,
  OrderStatus as OrderStatusMessage,
  RefundKind as RefundKindMessage,
} from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { type CancelReason, type OrderStatus, orderStatuses } from "../domain/order.ts";
import type { RefundKind } from "../workflows/names.ts";

/** Our words and the contract's. */

export const statusMessages: Readonly<Record<OrderStatus, OrderStatusMessage>> = {
  new: OrderStatusMessage.NEW,
  awaiting_payment: OrderStatusMessage.AWAITING_PAYMENT,
  failed: OrderStatusMessage.FAILED,
  paid: OrderStatusMessage.PAID,
  canceled: OrderStatusMessage.CANCELED,
  shipment_held: OrderStatusMessage.SHIPMENT_HELD,
  shipped: OrderStatusMessage.SHIPPED,
  completed: OrderStatusMessage.COMPLETED,
  awaiting_settlement: OrderStatusMessage.AWAITING_SETTLEMENT,
  settled: OrderStatusMessage.SETTLED,
  confirmed: OrderStatusMessage.CONFIRMED,
  delivered: OrderStatusMessage.DELIVERED,
  placed: OrderStatusMessage.PLACED,
  accepted: OrderStatusMessage.ACCEPTED,
  preparing: OrderStatusMessage.PREPARING,
  served: OrderStatusMessage.SERVED,
  declined: OrderStatusMessage.DECLINED,
};

export function statusesOf(messages: readonly OrderStatusMessage[]): OrderStatus[] {
  return orderStatuses.filter((status) => messages.includes(statusMessages[status]));
}

export const cancelReasonMessages: Readonly<Record<CancelReason, CancelReasonMessage>> = {
  requested: CancelReasonMessage.REQUESTED,
  payment_deadline: CancelReasonMessage.PAYMENT_DEADLINE,
  refunded: CancelReasonMessage.REFUNDED,
  expired: CancelReasonMessage.EXPIRED,
  declined: CancelReasonMessage.DECLINED,
  session_closed: CancelReasonMessage.SESSION_CLOSED,
};

export function cancelReasonMessage(reason: CancelReason | undefined): CancelReasonMessage {
  return reason === undefined ? CancelReasonMessage.UNSPECIFIED : cancelReasonMessages[reason];
}

export const refundKindMessages: Readonly<Record<RefundKind, RefundKindMessage>> = {
  pre_shipping: RefundKindMessage.PRE_SHIPPING,
  refund_only: RefundKindMessage.REFUND_ONLY,
  with_return: RefundKindMessage.WITH_RETURN,
  anytime: RefundKindMessage.ANYTIME,
  expiration: RefundKindMessage.EXPIRATION,
};
