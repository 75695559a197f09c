import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { OutboxEvent } from "@ordermesh/outbox/outbox";
import {
  OrderActionAppliedSchema,
  OrderActionSchema,
  OrderAwaitingSettlementSchema,
  OrderCanceledSchema,
  OrderCompletedSchema,
  OrderDeclinedSchema,
  OrderDeliveredSchema,
  OrderPaidSchema,
  OrderRefundFinishedSchema,
  OrderRefundRequestedSchema,
  OrderRefundSchema,
  OrderSettledSchema,
  OrderShipmentHeldSchema,
  OrderShipmentResumedSchema,
  OrderShippedSchema,
} from "@ordermesh/proto/ordermesh/events/v1/order_events_pb";
import { MoneySchema } from "@ordermesh/proto/ordermesh/type/v1/money_pb";
import { cancelReasonMessages, refundKindMessages, statusMessages } from "../contract/enums.ts";
import type { Order, OrderStatus } from "../domain/order.ts";
import type { OrderStep } from "../domain/order-step.ts";
import type { RefundSheet } from "../domain/refund-sheet.ts";
import type { IssuedVoucher } from "../domain/voucher.ts";
import { codeOfStatus } from "../workflows/states.ts";
import { encodeSnapshot } from "./encode-snapshot.ts";
import { eventOf, nothing } from "./outgoing.ts";

/** A step to be told of. */
export interface ToldStep {
  readonly step: OrderStep;
  /** The order's, before this step. */
  readonly statusBefore: OrderStatus;
  /** The refund that it was about, as it is now. */
  readonly sheet: RefundSheet | undefined;
  /** What the payment service is asked to give back by this step. */
  readonly refundMinor: number | undefined;
  /** Whether the money of a refund is back by this step. */
  readonly isRefundFinished: boolean;
  /** The codes that it brought. */
  readonly voucher: IssuedVoucher | undefined;
  readonly traceparent: string;
}

/** Events of statuses that are told when the order comes into them. What is not here has no type of its own. */
const schemaOfStatus: Readonly<Partial<Record<OrderStatus, DescMessage>>> = {
  paid: OrderPaidSchema,
  confirmed: OrderPaidSchema,
  canceled: OrderCanceledSchema,
  shipment_held: OrderShipmentHeldSchema,
  shipped: OrderShippedSchema,
  completed: OrderCompletedSchema,
  awaiting_settlement: OrderAwaitingSettlementSchema,
  settled: OrderSettledSchema,
  delivered: OrderDeliveredSchema,
  declined: OrderDeclinedSchema,
};

/** Without its package: "OrderShipped". Kept with the step, for `ordermesh verify`. */
export function stepEventType(told: ToldStep): string {
  return schemaOf(told).name;
}

function schemaOf({ step, statusBefore, refundMinor, isRefundFinished }: ToldStep): DescMessage {
  if (refundMinor !== undefined) {
    return OrderRefundRequestedSchema;
  }
  if (isRefundFinished) {
    return OrderRefundFinishedSchema;
  }
  if (step.status === statusBefore) {
    return OrderActionAppliedSchema;
  }
  if (statusBefore === "shipment_held" && step.status === "paid") {
    return OrderShipmentResumedSchema;
  }
  return schemaOfStatus[step.status] ?? OrderActionAppliedSchema;
}

/** One event for each step of an order, each with the order as it is after all of them. */
export function stepEvents(order: Order, steps: readonly ToldStep[]): OutboxEvent[] {
  const snapshot = encodeSnapshot(order);
  return steps.map((told) => {
    const schema = schemaOf(told);
    return eventOf({
      orderId: order.id,
      snapshot,
      version: told.step.version,
      type: schema.typeName,
      rest: restOf(schema, told, order),
      traceparent: told.traceparent,
    });
  });
}

/** Everything but the order: the fields that the type has. */
function restOf(schema: DescMessage, told: ToldStep, order: Order): Uint8Array {
  const { step, voucher } = told;
  switch (schema) {
    case OrderPaidSchema:
      return voucher === undefined ? nothing : encode(OrderPaidSchema, { voucher: voucherMessage(voucher) });
    case OrderCanceledSchema:
      return encode(OrderCanceledSchema, {
        reason: cancelReasonMessages[step.cancelReason ?? "requested"],
        action: actionOf(step, order),
      });
    case OrderShippedSchema:
      return encode(OrderShippedSchema, {
        action: actionOf(step, order),
        carrier: step.parameters?.carrier,
        trackingNumber: step.parameters?.trackingNumber,
      });
    case OrderRefundRequestedSchema:
      return encode(OrderRefundRequestedSchema, {
        refundId: told.sheet?.id,
        sku: told.sheet?.sku,
        amount: moneyOf(order, told.refundMinor),
        reason: told.sheet?.reason,
        action: actionOf(step, order),
        kind: refundKindMessages[told.sheet?.kind ?? "refund_only"],
      });
    case OrderRefundFinishedSchema:
    case OrderActionAppliedSchema:
      return encode(OrderActionAppliedSchema, {
        action: actionOf(step, order),
        refund: refundOf(told, order),
      });
    default:
      // Those types have these two fields, with the same numbers.
      return encode(OrderShipmentHeldSchema, { action: actionOf(step, order) });
  }
}

function encode<Schema extends DescMessage>(schema: Schema, init: MessageInitShape<Schema>): Uint8Array {
  return toBinary(schema, create(schema, init));
}

function actionOf(step: OrderStep, { workflow }: Order) {
  return create(OrderActionSchema, {
    role: step.role,
    action: step.action,
    itemSku: step.sku,
    status: statusMessages[step.status],
    stateCode: codeOfStatus(step.status),
    itemCode: step.itemState,
    event: step.event,
    reason: step.parameters?.reason,
    memo: step.parameters?.memo,
    workflow: workflow.name,
  });
}

function refundOf({ sheet, step }: ToldStep, order: Order) {
  return sheet === undefined
    ? undefined
    : create(OrderRefundSchema, {
        refundId: sheet.id,
        itemSku: sheet.sku,
        kind: refundKindMessages[sheet.kind],
        stateCode: step.refundState,
        amount: moneyOf(order, sheet.amountMinor),
        reason: sheet.reason,
      });
}

function moneyOf({ total }: Order, amountMinor: number | undefined) {
  return total === undefined || amountMinor === undefined
    ? undefined
    : create(MoneySchema, { currencyCode: total.currencyCode, amountMinor: BigInt(amountMinor) });
}

function voucherMessage({ mobile, codes, validUntil, sealedFirstCode }: IssuedVoucher) {
  return { mobile, codes, validUntilTime: timestampFromDate(validUntil), sealedFirstCode };
}
