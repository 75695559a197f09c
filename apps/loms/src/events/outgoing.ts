import { create, type DescMessage, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { OutboxEvent } from "@ordermesh/outbox/outbox";
import {
  OrderAwaitingPaymentSchema,
  OrderCanceledSchema,
  OrderCreatedSchema,
  OrderFailedSchema,
  OrderPaidSchema,
  OrderSnapshotSchema,
} from "@ordermesh/proto/ordermesh/events/v1/order_events_pb";
import {
  CancelReason as CancelReasonProto,
  ShortageSchema,
} from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import type { Order, OrderStatus } from "../domain/order.ts";
import { encodeSnapshot } from "./encode-snapshot.ts";

/** Where the events of this service go. The number of partitions is fixed: another one would break the order per key. */
export const ordersTopic = { name: "orders.events.v1", partitions: 12 } as const;

/** The event that tells that an order has reached its present version, with the order as it is now. */
export function orderEvent(order: Order, traceparent: string): OutboxEvent {
  return eventAt(order, order.status, order.version, encodeSnapshot(order), traceparent);
}

/** The two events of an order that was just created: that it was recorded, and whether it was supplied. */
export function birthEvents(order: Order, traceparent: string): OutboxEvent[] {
  const snapshot = encodeSnapshot(order);
  return [
    eventAt(order, "new", 1, snapshot, traceparent),
    eventAt(order, order.status, order.version, snapshot, traceparent),
  ];
}

const schemas: Readonly<Record<OrderStatus, DescMessage>> = {
  new: OrderCreatedSchema,
  awaiting_payment: OrderAwaitingPaymentSchema,
  failed: OrderFailedSchema,
  paid: OrderPaidSchema,
  canceled: OrderCanceledSchema,
};

/** Fields of every event, and of the snapshot in it. */
const orderField = OrderCreatedSchema.field.order.number;
const versionField = OrderSnapshotSchema.field.version.number;

/**
 * Puts an event together from its encoded parts: fields of a message may come in any order, so the snapshot is encoded
 * once, without its version, and serves both events of a new order.
 */
function eventAt(
  order: Order,
  status: OrderStatus,
  version: number,
  snapshot: Uint8Array,
  traceparent: string,
): OutboxEvent {
  const payload = new BinaryWriter()
    .tag(orderField, WireType.LengthDelimited)
    .fork()
    .raw(snapshot)
    .tag(versionField, WireType.Varint)
    .uint32(version)
    .join()
    .raw(encodeReason(order, status))
    .finish();
  return {
    aggregateType: "order",
    aggregateId: order.id,
    type: schemas[status].typeName,
    payload,
    traceparent,
  };
}

const nothing = new Uint8Array();

/** What an event tells beside the order: why it failed or was canceled. */
function encodeReason(order: Order, status: OrderStatus): Uint8Array {
  switch (status) {
    case "failed": {
      const shortages = order.shortages.map((shortage) => create(ShortageSchema, shortage));
      return toBinary(OrderFailedSchema, create(OrderFailedSchema, { shortages }));
    }
    case "canceled": {
      const reason =
        order.cancelReason === "payment_deadline"
          ? CancelReasonProto.PAYMENT_DEADLINE
          : CancelReasonProto.REQUESTED;
      return toBinary(OrderCanceledSchema, create(OrderCanceledSchema, { reason }));
    }
    default:
      return nothing;
  }
}
