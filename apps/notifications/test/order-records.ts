import { create, type DescMessage, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { OutgoingRecord } from "@ordermesh/kafka/record";
import {
  OrderAwaitingPaymentSchema,
  OrderCanceledSchema,
  OrderCreatedSchema,
  OrderFailedSchema,
  OrderPaidSchema,
} from "@ordermesh/proto/ordermesh/events/v1/order_events_pb";
import { CancelReason } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";

export type OrderEventKind = "created" | "awaiting_payment" | "failed" | "paid" | "canceled";

const schemas: Readonly<Record<OrderEventKind, DescMessage>> = {
  created: OrderCreatedSchema,
  awaiting_payment: OrderAwaitingPaymentSchema,
  failed: OrderFailedSchema,
  paid: OrderPaidSchema,
  canceled: OrderCanceledSchema,
};

/** A record as the order service's relay publishes it. */
export function orderRecord(options: {
  readonly eventId: number | bigint;
  readonly kind: OrderEventKind;
  readonly userId: number;
  readonly orderId?: number;
  readonly traceparent?: string;
  readonly name?: string;
}): OutgoingRecord {
  const { eventId, kind, userId, orderId = 4711, traceparent = "", name = "Cordless drill" } = options;
  const schema = schemas[kind];
  const message = create(schema, {
    order: {
      orderId: BigInt(orderId),
      userId: BigInt(userId),
      version: 1,
      lines: [{ sku: 1002, quantity: 2, name, unitPrice: { currencyCode: "EUR", amountMinor: 1299n } }],
      total: { currencyCode: "EUR", amountMinor: 2598n },
      paymentDueTime: timestampFromDate(new Date("2025-11-21T12:00:00Z")),
    },
    ...(kind === "failed" && { shortages: [{ sku: 1002, requested: 2, available: 1 }] }),
    ...(kind === "canceled" && { reason: CancelReason.PAYMENT_DEADLINE }),
  });
  return recordOf(eventId, schema.typeName, `${orderId}`, toBinary(schema, message), traceparent);
}

/** Of an order for something that is used with codes: paid, and its first code is to be sent. */
export function paidVoucherRecord(options: {
  readonly eventId: number;
  readonly userId: number;
  readonly orderId: number;
  readonly codes: number;
  readonly mobile: string;
  readonly sealedFirstCode: Uint8Array;
}): OutgoingRecord {
  const { eventId, userId, orderId, codes, mobile, sealedFirstCode } = options;
  const message = create(OrderPaidSchema, {
    order: {
      orderId: BigInt(orderId),
      userId: BigInt(userId),
      version: 3,
      lines: [{ sku: 7, quantity: 1, name: "Hair cut" }],
    },
    voucher: {
      mobile,
      codes,
      sealedFirstCode,
      validUntilTime: timestampFromDate(new Date("2026-01-31T22:59:30Z")),
    },
  });
  return recordOf(eventId, OrderPaidSchema.typeName, `${orderId}`, toBinary(OrderPaidSchema, message));
}

/** A record with the headers of an event and any type and payload. */
export function recordOf(
  eventId: number | bigint,
  type: string,
  key: string,
  value: Uint8Array,
  traceparent = "",
): OutgoingRecord {
  return {
    key,
    value,
    headers: {
      ce_specversion: "1.0",
      ce_id: `${eventId}`,
      ce_type: type,
      ce_source: "ordermesh/loms",
      ce_time: "2025-11-21T12:00:00.000Z",
      ce_subject: key,
      "content-type": "application/protobuf",
      traceparent,
    },
  };
}
