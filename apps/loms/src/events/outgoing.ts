import { create, type DescMessage, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { OutboxEvent } from "@ordermesh/outbox/outbox";
import {
  OrderAwaitingPaymentSchema,
  OrderCreatedSchema,
  OrderFailedSchema,
  OrderPlacedSchema,
  OrderSnapshotSchema,
} from "@ordermesh/proto/ordermesh/events/v1/order_events_pb";
import { ShortageSchema } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import type { Order, OrderStatus } from "../domain/order.ts";
import { encodeSnapshot } from "./encode-snapshot.ts";

/** Where the events of this service go. The number of partitions is fixed: another one would break the order per key. */
export const ordersTopic = { name: "orders.events.v1", partitions: 12 } as const;

const birthSchemas: Readonly<Partial<Record<OrderStatus, DescMessage>>> = {
  awaiting_payment: OrderAwaitingPaymentSchema,
  failed: OrderFailedSchema,
  placed: OrderPlacedSchema,
};

/** The two events of an order that was just created: that it was recorded, and what became of it. */
export function birthEvents(order: Order, traceparent: string): OutboxEvent[] {
  const about = { orderId: order.id, snapshot: encodeSnapshot(order), traceparent };
  const schema = birthSchemas[order.status];
  if (schema === undefined) {
    throw new Error(`No order begins as ${order.status}.`);
  }
  return [
    eventOf({ ...about, version: 1, type: OrderCreatedSchema.typeName, rest: nothing }),
    eventOf({
      ...about,
      version: 2,
      type: schema.typeName,
      rest: order.status === "failed" ? shortagesOf(order) : nothing,
    }),
  ];
}

export const nothing = new Uint8Array();

/** Fields of every event, and of the snapshot in it. */
const orderField = OrderCreatedSchema.field.order.number;
const versionField = OrderSnapshotSchema.field.version.number;

/** An event in parts that are already encoded. */
export interface EventParts {
  readonly orderId: bigint;
  /** The order, without its version. */
  readonly snapshot: Uint8Array;
  readonly version: number;
  readonly type: string;
  /** What the event tells beside the order. */
  readonly rest: Uint8Array;
  readonly traceparent: string;
}

/**
 * Puts an event together: fields of a message may come in any order, so the snapshot is encoded once, without its
 * version, and serves all events of an order that are written at once.
 */
export function eventOf({ orderId, snapshot, version, type, rest, traceparent }: EventParts): OutboxEvent {
  const payload = new BinaryWriter()
    .tag(orderField, WireType.LengthDelimited)
    .fork()
    .raw(snapshot)
    .tag(versionField, WireType.Varint)
    .uint32(version)
    .join()
    .raw(rest)
    .finish();
  return { aggregateType: "order", aggregateId: orderId, type, payload, traceparent };
}

function shortagesOf(order: Order): Uint8Array {
  const shortages = order.shortages.map((shortage) => create(ShortageSchema, shortage));
  return toBinary(OrderFailedSchema, create(OrderFailedSchema, { shortages }));
}
