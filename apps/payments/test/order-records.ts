import { create, type DescMessage, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { OutgoingRecord } from "@ordermesh/kafka/record";
import {
  OrderAwaitingPaymentSchema,
  OrderCanceledSchema,
  OrderCreatedSchema,
  OrderFailedSchema,
  OrderPaidSchema,
  OrderRefundRequestedSchema,
} from "@ordermesh/proto/ordermesh/events/v1/order_events_pb";
import { CancelReason } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";

export type OrderEventKind =
  | "created"
  | "awaiting_payment"
  | "failed"
  | "paid"
  | "canceled"
  | "expired"
  | "refund_requested"
  /** Canceled, because all of it was refunded. */
  | "refunded"
  /** Canceled, because a voucher was not used in time. */
  | "voucher_expired";

const schemas: Readonly<Record<OrderEventKind, DescMessage>> = {
  created: OrderCreatedSchema,
  awaiting_payment: OrderAwaitingPaymentSchema,
  failed: OrderFailedSchema,
  paid: OrderPaidSchema,
  canceled: OrderCanceledSchema,
  expired: OrderCanceledSchema,
  refund_requested: OrderRefundRequestedSchema,
  refunded: OrderCanceledSchema,
  voucher_expired: OrderCanceledSchema,
};

const cancelReasons: Readonly<Partial<Record<OrderEventKind, CancelReason>>> = {
  canceled: CancelReason.REQUESTED,
  expired: CancelReason.PAYMENT_DEADLINE,
  refunded: CancelReason.REFUNDED,
  voucher_expired: CancelReason.EXPIRED,
};

const versions: Readonly<Record<OrderEventKind, number>> = {
  created: 1,
  awaiting_payment: 2,
  failed: 2,
  paid: 3,
  canceled: 3,
  expired: 3,
  refund_requested: 4,
  refunded: 5,
  voucher_expired: 5,
};

export interface OrderEventInput {
  readonly orderId: bigint;
  readonly kind: OrderEventKind;
  readonly userId?: bigint;
  /** Undefined: an order without a total. */
  readonly amountMinor?: bigint | undefined;
  readonly dueInMs?: number;
  readonly eventId?: string;
  /** Of the order; one that fits its kind, unless it is told. */
  readonly version?: number;
  /** Of an order at a table. */
  readonly table?: { readonly sessionId: bigint; readonly locationId: bigint };
  /** Of a request for a refund. */
  readonly refund?: {
    readonly refundId: bigint;
    readonly amountMinor: bigint;
    readonly currencyCode?: string;
    readonly reason?: string;
  };
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
      version: input.version ?? versions[kind],
      total: amountMinor === undefined ? undefined : { currencyCode: "EUR", amountMinor },
      createdTime: timestampFromDate(new Date()),
      ...(input.table === undefined
        ? { paymentDueTime: timestampFromDate(new Date(Date.now() + dueInMs)) }
        : { table: input.table }),
    },
    ...(schema === OrderCanceledSchema && { reason: cancelReasons[kind] }),
    ...(input.refund !== undefined && refundFields(input.refund)),
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

function refundFields({ refundId, amountMinor, currencyCode = "EUR", reason = "" }: Refund) {
  return { refundId, sku: 1, amount: { currencyCode, amountMinor }, reason };
}

type Refund = NonNullable<OrderEventInput["refund"]>;
