import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { CancelReason, type Order, OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { type Payment, PaymentStatus } from "@ordermesh/proto/ordermesh/payments/v1/payment_pb";

/** How order-processing-system wrote orders and payments. */

const orderStatuses: Readonly<Record<OrderStatus, string>> = {
  [OrderStatus.UNSPECIFIED]: "created",
  [OrderStatus.NEW]: "created",
  [OrderStatus.AWAITING_PAYMENT]: "created",
  [OrderStatus.FAILED]: "declined",
  [OrderStatus.PAID]: "confirmed",
  [OrderStatus.CANCELED]: "cancelled",
  [OrderStatus.SHIPMENT_HELD]: "confirmed",
  [OrderStatus.SHIPPED]: "confirmed",
  [OrderStatus.COMPLETED]: "delivered",
  [OrderStatus.AWAITING_SETTLEMENT]: "delivered",
  [OrderStatus.SETTLED]: "delivered",
  [OrderStatus.CONFIRMED]: "confirmed",
  [OrderStatus.DELIVERED]: "delivered",
  // It knew no tables, where payment comes last.
  [OrderStatus.PLACED]: "created",
  [OrderStatus.ACCEPTED]: "created",
  [OrderStatus.PREPARING]: "created",
  [OrderStatus.SERVED]: "created",
  [OrderStatus.DECLINED]: "declined",
};

/** Paid once, it stays so there: that system knew no refunds. */
const paymentStatuses: Readonly<Record<PaymentStatus, "pending" | "paid" | "declined">> = {
  [PaymentStatus.UNSPECIFIED]: "pending",
  [PaymentStatus.REQUIRES_PAYMENT]: "pending",
  [PaymentStatus.PROCESSING]: "pending",
  [PaymentStatus.CAPTURED]: "paid",
  [PaymentStatus.DECLINED]: "declined",
  [PaymentStatus.PARTIALLY_REFUNDED]: "paid",
  [PaymentStatus.REFUNDED]: "paid",
  [PaymentStatus.CANCELED]: "declined",
};

const minorUnits = 100;

export function orderShape(order: Order): object {
  const changed = order.history.at(-1)?.changedTime;
  return {
    _id: `${order.orderId}`,
    createdBy: `${order.userId}`,
    status: order.cancelReason === CancelReason.DECLINED ? "declined" : orderStatuses[order.status],
    bill: billOf(order.total?.amountMinor),
    createdAt: timeOf(order.createdTime),
    // A list tells when orders were placed, not when they last changed.
    ...(changed !== undefined && { updatedAt: timeOf(changed) }),
  };
}

/** Its id is the order's, as it was there. */
export function paymentShape(payment: Payment): object {
  const status = paymentStatuses[payment.status];
  return {
    _id: `${payment.orderId}`,
    orderId: `${payment.orderId}`,
    createdBy: `${payment.userId}`,
    processed: status === "paid",
    status,
    bill: billOf(payment.amount?.amountMinor),
    createdAt: timeOf(payment.createdTime),
  };
}

/**
 * A bill in minor units. It may have two decimals; more would be money that there is none of.
 *
 * @returns undefined if it is no amount.
 */
export function minorUnitsOf(bill: unknown): bigint | undefined {
  if (typeof bill !== "number" || !Number.isFinite(bill) || bill < 0 || bill > 10 ** 12) {
    return undefined;
  }
  const text = bill.toFixed(2);
  return Number(text) === bill ? BigInt(text.replace(".", "")) : undefined;
}

function billOf(amountMinor: bigint | undefined): number {
  return Number(amountMinor ?? 0n) / minorUnits;
}

function timeOf(time: Timestamp | undefined): string | undefined {
  return time === undefined ? undefined : timestampDate(time).toISOString();
}
