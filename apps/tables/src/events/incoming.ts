import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { Failure } from "@ordermesh/failure/failure";
import type { IncomingRecord } from "@ordermesh/kafka/record";
import {
  type OrderAction,
  OrderActionAppliedSchema,
  OrderCanceledSchema,
  OrderCreatedSchema,
  OrderDeclinedSchema,
  OrderPaidSchema,
  OrderPlacedSchema,
  type OrderSnapshot,
} from "@ordermesh/proto/ordermesh/events/v1/order_events_pb";
import type { OrderState } from "../domain/session-order.ts";
import { orderStatusOf } from "./session-messages.ts";

/** What an event tells of an order at a table. */
export interface TableOrderNews {
  readonly eventId: string;
  readonly orderId: bigint;
  readonly sessionId: bigint;
  readonly state: OrderState;
}

/**
 * Reads a record of orders.events.v1.
 *
 * @returns undefined for an order that is none of a table, and for news that change nothing here.
 * @throws Failure `invalid_argument` for one that is no event, or whose payload is not what its type says.
 */
export function tableOrderNewsOf({ headers, value }: IncomingRecord): TableOrderNews | undefined {
  const eventId = headers.ce_id ?? "";
  if (!/^[\x21-\x7e]{1,200}$/.test(eventId)) {
    throw malformed("The header ce_id is missing or is no id.");
  }
  const told = toldBy(headers.ce_type ?? "", value);
  if (told?.order?.table === undefined) {
    return undefined;
  }
  const { order, status, reason } = told;
  const { orderId, version, table } = order;
  if (orderId <= 0n || version === 0 || table === undefined || table.sessionId <= 0n) {
    throw malformed("The event does not say which order of which session it is about.");
  }
  if (status === undefined) {
    throw malformed("The event tells of a status that no order at a table has.");
  }
  return { eventId, orderId, sessionId: table.sessionId, state: { status, version, reason } };
}

interface Told {
  readonly order: OrderSnapshot | undefined;
  readonly status: OrderState["status"] | undefined;
  readonly reason: string;
}

function toldBy(eventType: string, value: Uint8Array): Told | undefined {
  switch (eventType) {
    case OrderCreatedSchema.typeName:
      return { order: decode(OrderCreatedSchema, value).order, status: "placed", reason: "" };
    case OrderPlacedSchema.typeName:
      return { order: decode(OrderPlacedSchema, value).order, status: "placed", reason: "" };
    case OrderPaidSchema.typeName:
      return { order: decode(OrderPaidSchema, value).order, status: "paid", reason: "" };
    case OrderDeclinedSchema.typeName: {
      const { order, action } = decode(OrderDeclinedSchema, value);
      return { order, status: "declined", reason: action?.reason ?? "" };
    }
    case OrderCanceledSchema.typeName: {
      const { order, action } = decode(OrderCanceledSchema, value);
      return { order, status: "canceled", reason: action?.reason ?? "" };
    }
    case OrderActionAppliedSchema.typeName: {
      const { order, action } = decode(OrderActionAppliedSchema, value);
      return { order, ...statusAfter(action) };
    }
    default:
      // Other types are of other workflows, or a newer version's.
      return undefined;
  }
}

function statusAfter(action: OrderAction | undefined): Pick<Told, "status" | "reason"> {
  const status = action === undefined ? undefined : orderStatusOf(action.status);
  return { status, reason: action?.reason ?? "" };
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
