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

export type OrderEventKind = "created" | "awaiting_payment" | "failed" | "paid" | "canceled" | "expired";

const schemas: Readonly<Record<OrderEventKind, DescMessage>> = {
  created: OrderCreatedSchema,
  awaiting_payment: OrderAwaitingPaymentSchema,
  failed: OrderFailedSchema,
  paid: OrderPaidSchema,
  canceled: OrderCanceledSchema,
  expired: OrderCanceledSchema,
};

const versions: Readonly<Record<OrderEventKind, number>> = {
  created: 1,
  awaiting_payment: 2,
  failed: 2,
  paid: 3,
  canceled: 3,
  expired: 3,
};

export interface OrderEventInput {
  readonly orderId: bigint;
  readonly kind: OrderEventKind;
  readonly userId?: bigint;
  /** Undefined: an order without a total. */
  readonly amountMinor?: bigint | undefined;
  readonly dueInMs?: number;
  readonly eventId?: string;
}

let eventCount = 0;

/** A record as the order service's relay publishes it. */
export function orderRecord(input: OrderEventInput): OutgoingRecord {
  eventCount += 1;
  const { orderId, kind, userId = 1n, dueInMs = 600_000, eventId = `${eventCount}` } = input;
  const amountMinor = "amountMinor" in input ? input.amountMinor : 2598n;
  const schema = schemas[kind];
  const message = create(schema, {
    order: {
      orderId,
      userId,
      version: versions[kind],
      total: amountMinor === undefined ? undefined : { currencyCode: "EUR", amountMinor },
      createdTime: timestampFromDate(new Date()),
      paymentDueTime: timestampFromDate(new Date(Date.now() + dueInMs)),
    },
    ...(kind === "canceled" && { reason: CancelReason.REQUESTED }),
    ...(kind === "expired" && { reason: CancelReason.PAYMENT_DEADLINE }),
  });
  return {
    key: `${orderId}`,
    value: toBinary(schema, message),
    headers: {
      ce_specversion: "1.0",
      ce_id: eventId,
      ce_type: schema.typeName,
      ce_source: "ordermesh/loms",
      ce_time: new Date().toISOString(),
      ce_subject: `${orderId}`,
      "content-type": "application/protobuf",
    },
  };
}
