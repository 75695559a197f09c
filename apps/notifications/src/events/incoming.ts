import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { Failure } from "@ordermesh/failure/failure";
import type { IncomingRecord } from "@ordermesh/kafka/record";
import {
  OrderAwaitingPaymentSchema,
  OrderCanceledSchema,
  OrderCreatedSchema,
  OrderFailedSchema,
  OrderPaidSchema,
  type OrderSnapshot,
} from "@ordermesh/proto/ordermesh/events/v1/order_events_pb";
import { CancelReason } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import type { Money } from "@ordermesh/proto/ordermesh/type/v1/money_pb";
import type { OrderChange, OrderNews, Price } from "../domain/order-news.ts";

/** What this service reads. The number of partitions is the order service's: another one would break the order per key. */
export const ordersTopic = { name: "orders.events.v1", partitions: 12 } as const;

/** Whose offsets and inbox rows are this service's. */
export const ordersGroup = "notifications.order-events";

/** One event of the topic. */
export interface OrderEvent {
  readonly eventId: string;
  /** The CloudEvents type: the full name of the payload's message. */
  readonly eventType: string;
  /** Of what published it. */
  readonly traceparent: string;
  /** Undefined for a type that this version does not know: a newer order service may tell more. */
  readonly news: OrderNews | undefined;
}

/**
 * Reads a record.
 *
 * @throws Failure `invalid_argument` for one that is no event, or whose payload is not what its type says.
 */
export function orderEventOf({ headers, value }: IncomingRecord): OrderEvent {
  const eventId = headers.ce_id ?? "";
  const eventType = headers.ce_type ?? "";
  if (!/^[\x21-\x7e]{1,200}$/.test(eventId)) {
    throw malformed("The header ce_id is missing or is no id.");
  }
  if (!/^[\x21-\x7e]{1,200}$/.test(eventType)) {
    throw malformed("The header ce_type is missing or is no type.");
  }
  return { eventId, eventType, traceparent: headers.traceparent ?? "", news: newsOf(eventType, value) };
}

function newsOf(eventType: string, value: Uint8Array): OrderNews | undefined {
  switch (eventType) {
    case OrderCreatedSchema.typeName: {
      const { order } = decode(OrderCreatedSchema, value);
      return newsAbout(order, { kind: "created" });
    }
    case OrderAwaitingPaymentSchema.typeName: {
      const { order } = decode(OrderAwaitingPaymentSchema, value);
      return newsAbout(order, { kind: "awaiting_payment", paymentDueAt: dateOf(order?.paymentDueTime) });
    }
    case OrderFailedSchema.typeName: {
      const { order, shortages } = decode(OrderFailedSchema, value);
      return newsAbout(order, { kind: "failed", shortages });
    }
    case OrderPaidSchema.typeName: {
      const { order } = decode(OrderPaidSchema, value);
      return newsAbout(order, { kind: "paid" });
    }
    case OrderCanceledSchema.typeName: {
      const { order, reason } = decode(OrderCanceledSchema, value);
      return newsAbout(order, { kind: "canceled", reason: cancelReasons[reason] ?? "unknown" });
    }
    default:
      return undefined;
  }
}

const cancelReasons: Readonly<Partial<Record<CancelReason, "requested" | "payment_deadline">>> = {
  [CancelReason.REQUESTED]: "requested",
  [CancelReason.PAYMENT_DEADLINE]: "payment_deadline",
};

function decode<Schema extends DescMessage>(schema: Schema, value: Uint8Array): MessageShape<Schema> {
  try {
    return fromBinary(schema, value);
  } catch (error) {
    throw malformed(`The value is no ${schema.typeName}.`, error);
  }
}

function newsAbout(order: OrderSnapshot | undefined, change: OrderChange): OrderNews {
  if (order === undefined || order.orderId <= 0n || order.userId <= 0n) {
    throw malformed("The event does not say which order of which user it is about.");
  }
  return {
    change,
    orderId: order.orderId,
    userId: order.userId,
    lines: order.lines.map(({ sku, quantity, name, unitPrice }) => ({
      sku,
      quantity,
      name,
      unitPrice: priceOf(unitPrice),
    })),
    total: priceOf(order.total),
  };
}

function priceOf(money: Money | undefined): Price | undefined {
  if (money === undefined) {
    return undefined;
  }
  if (!/^[A-Z]{3}$/.test(money.currencyCode)) {
    throw malformed("The event has a price without a currency.");
  }
  return { currencyCode: money.currencyCode, amountMinor: money.amountMinor };
}

/** A time that no calendar has is left out rather than shown. */
function dateOf(time: Timestamp | undefined): Date | undefined {
  const date = time === undefined ? undefined : timestampDate(time);
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date;
}

function malformed(message: string, cause?: unknown): Failure {
  return new Failure("invalid_argument", message, { reason: "MALFORMED_EVENT", cause });
}
