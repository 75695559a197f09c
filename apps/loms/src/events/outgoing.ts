import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { OutboxEvent } from "@ordermesh/outbox/outbox";
import {
  OrderAwaitingPaymentSchema,
  OrderCanceledSchema,
  OrderCreatedSchema,
  OrderFailedSchema,
  OrderPaidSchema,
  type OrderSnapshot,
  OrderSnapshotSchema,
} from "@ordermesh/proto/ordermesh/events/v1/order_events_pb";
import {
  CancelReason as CancelReasonProto,
  OrderLineSchema,
  ShortageSchema,
} from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { MoneySchema } from "@ordermesh/proto/ordermesh/type/v1/money_pb";
import type { Order, OrderStatus } from "../domain/order.ts";

/** Where the events of this service go. The number of partitions is fixed: another one would break the order per key. */
export const ordersTopic = { name: "orders.events.v1", partitions: 12 } as const;

/** The event that tells that an order has reached a version, with the order as it was right then. */
export function orderEvent(
  order: Order,
  status: OrderStatus,
  version: number,
  traceparent: string,
): OutboxEvent {
  const { type, payload } = encode(order, status, snapshotOf(order, version));
  return { aggregateType: "order", aggregateId: order.id, type, payload, traceparent };
}

function encode(
  order: Order,
  status: OrderStatus,
  snapshot: OrderSnapshot,
): { type: string; payload: Uint8Array } {
  switch (status) {
    case "new":
      return message(
        OrderCreatedSchema.typeName,
        toBinary(OrderCreatedSchema, create(OrderCreatedSchema, { order: snapshot })),
      );
    case "awaiting_payment":
      return message(
        OrderAwaitingPaymentSchema.typeName,
        toBinary(OrderAwaitingPaymentSchema, create(OrderAwaitingPaymentSchema, { order: snapshot })),
      );
    case "failed": {
      const shortages = order.shortages.map((shortage) => create(ShortageSchema, shortage));
      return message(
        OrderFailedSchema.typeName,
        toBinary(OrderFailedSchema, create(OrderFailedSchema, { order: snapshot, shortages })),
      );
    }
    case "paid":
      return message(
        OrderPaidSchema.typeName,
        toBinary(OrderPaidSchema, create(OrderPaidSchema, { order: snapshot })),
      );
    case "canceled": {
      const reason =
        order.cancelReason === "payment_deadline"
          ? CancelReasonProto.PAYMENT_DEADLINE
          : CancelReasonProto.REQUESTED;
      return message(
        OrderCanceledSchema.typeName,
        toBinary(OrderCanceledSchema, create(OrderCanceledSchema, { order: snapshot, reason })),
      );
    }
  }
}

function message(type: string, payload: Uint8Array) {
  return { type, payload };
}

function snapshotOf(order: Order, version: number): OrderSnapshot {
  const { total } = order;
  return create(OrderSnapshotSchema, {
    orderId: order.id,
    userId: order.userId,
    version,
    lines: order.lines.map((line) =>
      create(OrderLineSchema, {
        sku: line.sku,
        quantity: line.quantity,
        name: line.name,
        unitPrice:
          total === undefined || line.unitPriceMinor === undefined
            ? undefined
            : create(MoneySchema, {
                currencyCode: total.currencyCode,
                amountMinor: BigInt(line.unitPriceMinor),
              }),
      }),
    ),
    total:
      total === undefined
        ? undefined
        : create(MoneySchema, { currencyCode: total.currencyCode, amountMinor: BigInt(total.amountMinor) }),
    createdTime: timestampFromDate(order.createdAt),
    paymentDueTime: timestampFromDate(order.paymentDueAt),
  });
}
