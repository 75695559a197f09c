import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Failure } from "@ordermesh/failure/failure";
import type { IncomingRecord } from "@ordermesh/kafka/record";
import {
  OrderAwaitingPaymentSchema,
  OrderCanceledSchema,
  OrderFailedSchema,
  OrderPaidSchema,
  type OrderRefundRequested,
  OrderRefundRequestedSchema,
  type OrderSnapshot,
} from "@ordermesh/proto/ordermesh/events/v1/order_events_pb";
import { CancelReason } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import type { OrderChange, OrderNews } from "../domain/order-news.ts";
import type { OrderRefundRequest } from "../domain/order-refund.ts";

/** What this service reads. The number of partitions is the order service's: another one would break the order per key. */
export const ordersTopic = { name: "orders.events.v1", partitions: 12 } as const;

/** Whose offsets and inbox rows are this service's. */
export const ordersGroup = "payments";

/** One event of the topic. */
export interface OrderEvent {
  readonly eventId: string;
  /** Of what published it. */
  readonly traceparent: string;
  /** Undefined for an event that says nothing about paying. */
  readonly news: OrderNews | undefined;
  /** Set if the order wants money to be given back. */
  readonly refundRequest: OrderRefundRequest | undefined;
}

/**
 * Reads a record.
 *
 * @throws Failure `invalid_argument` for one that is no event, or whose payload is not what its type says.
 */
export function orderEventOf({ headers, value }: IncomingRecord): OrderEvent {
  const eventId = headers.ce_id ?? "";
  if (!/^[\x21-\x7e]{1,200}$/.test(eventId)) {
    throw malformed("The header ce_id is missing or is no id.");
  }
  const eventType = headers.ce_type ?? "";
  const refundRequest =
    eventType === OrderRefundRequestedSchema.typeName
      ? refundRequestOf(decode(OrderRefundRequestedSchema, value))
      : undefined;
  return { eventId, traceparent: headers.traceparent ?? "", news: newsOf(eventType, value), refundRequest };
}

/** Longer reasons are cut: the books are no place for stories. */
const noteLengthMax = 500;

function refundRequestOf({ order, refundId, amount, reason }: OrderRefundRequested): OrderRefundRequest {
  if (order === undefined || order.orderId <= 0n || refundId <= 0n) {
    throw malformed("The event does not say which refund of which order it asks for.");
  }
  if (amount === undefined || !/^[A-Z]{3}$/.test(amount.currencyCode) || amount.amountMinor <= 0n) {
    throw malformed("The event asks for an amount that can not be given back.");
  }
  const { currencyCode, amountMinor } = amount;
  const note = [...reason].slice(0, noteLengthMax).join("");
  return { orderId: order.orderId, orderRefundId: refundId, currencyCode, amountMinor, note };
}

function newsOf(eventType: string, value: Uint8Array): OrderNews | undefined {
  switch (eventType) {
    case OrderAwaitingPaymentSchema.typeName:
      return newsAbout(decode(OrderAwaitingPaymentSchema, value).order, "awaiting_payment");
    case OrderFailedSchema.typeName:
      return newsAbout(decode(OrderFailedSchema, value).order, "failed");
    case OrderPaidSchema.typeName:
      return newsAbout(decode(OrderPaidSchema, value).order, "paid");
    case OrderCanceledSchema.typeName: {
      const { order, reason } = decode(OrderCanceledSchema, value);
      return newsAbout(order, cancelationOf(reason));
    }
    default:
      // OrderCreated is followed at once by what became of the order; other types are a newer version's.
      return undefined;
  }
}

/** What the end of an order means to its money. */
function cancelationOf(reason: CancelReason): OrderChange {
  switch (reason) {
    case CancelReason.PAYMENT_DEADLINE:
      return "expired";
    case CancelReason.REFUNDED:
    case CancelReason.EXPIRED:
      // It had been paid, and what was to be given back was asked for by OrderRefundRequested: the rest is earned.
      return "paid";
    default:
      return "canceled";
  }
}

/**
 * Nothing can be collected for an order without a total: it is paid with LomsService.PayOrder, if at all. Nor for one at
 * a table: it is paid with its bill.
 */
function newsAbout(order: OrderSnapshot | undefined, change: OrderChange): OrderNews | undefined {
  if (order === undefined || order.orderId <= 0n || order.userId <= 0n || order.version === 0) {
    throw malformed("The event does not say which order of which user it is about.");
  }
  const { orderId, userId, version, total, paymentDueTime, table } = order;
  if (total === undefined || table !== undefined) {
    return undefined;
  }
  if (!/^[A-Z]{3}$/.test(total.currencyCode) || total.amountMinor < 0n) {
    throw malformed("The event has a total that is no amount of money.");
  }
  const paymentDueAt = paymentDueTime === undefined ? undefined : timestampDate(paymentDueTime);
  if (paymentDueAt === undefined || Number.isNaN(paymentDueAt.getTime())) {
    throw malformed("The event does not say until when the order can be paid.");
  }
  const { currencyCode, amountMinor } = total;
  return { change, orderId, userId, orderVersion: version, currencyCode, amountMinor, paymentDueAt };
}

function decode<Schema extends DescMessage>(schema: Schema, value: Uint8Array): MessageShape<Schema> {
  try {
    return fromBinary(schema, value);
  } catch (error) {
    throw malformed(`The value is no ${schema.typeName}.`, error);
  }
}

function malformed(message: string, cause?: unknown): Failure {
  return new Failure("invalid_argument", message, { reason: "MALFORMED_EVENT", cause });
}
