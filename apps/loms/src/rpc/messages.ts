import { create } from "@bufbuild/protobuf";
import { durationMs, timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type CreateOrderRequest,
  type CreateOrderResponse,
  CreateOrderResponseSchema,
  type OrderChange,
  OrderChangeSchema,
  type StockLevel as StockLevelMessage,
  StockLevelSchema,
} from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import {
  OrderLineSchema,
  type Order as OrderMessage,
  OrderSchema,
  OrderStatusChangeSchema,
  ShipmentSchema,
  ShippingAddressSchema,
  ShortageSchema,
  type TableReference as TableReferenceMessage,
  TableReferenceSchema,
} from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { cancelReasonMessage, statusMessages } from "../contract/enums.ts";
import type { Order, OrderStatusChange, TableReference } from "../domain/order.ts";
import type { OrderRequest } from "../domain/order-draft.ts";
import type { StockLevel } from "../domain/stock.ts";
import type { OrderDetails } from "../order-queries.ts";
import type { FeedEntry } from "../sql/order-feed.ts";
import { codeOfStatus } from "../workflows/states.ts";
import { voucherTermsOf } from "./voucher-messages.ts";
import { addressInit, addressOf, amountOf, itemMessages, money } from "./workflow-messages.ts";

export function orderRequestOf(message: CreateOrderRequest): OrderRequest {
  return {
    userId: message.userId,
    idempotencyKey: message.idempotencyKey,
    paymentWindowMs: message.paymentWindow === undefined ? undefined : durationMs(message.paymentWindow),
    lines: message.lines.map(({ sku, quantity, name, unitPrice, attributes }) => ({
      sku,
      quantity,
      name,
      unitPrice,
      attributes:
        attributes.length === 0 ? undefined : attributes.map(({ name, value }) => ({ name, value })),
    })),
    workflow: message.workflow,
    voucher: voucherTermsOf(message.voucher),
    shippingAddress: message.shippingAddress && addressOf(message.shippingAddress),
    shippingFee: message.shippingFee && amountOf(message.shippingFee),
    table: message.table && tableReferenceOf(message.table),
  };
}

function tableReferenceOf(message: TableReferenceMessage): TableReference {
  const { locationId, sessionId, guestNickname, staffUserId, note } = message;
  return { locationId, sessionId, guestNickname, staffUserId, note };
}

export function createOrderResponse(order: Order, replayed: boolean): CreateOrderResponse {
  return create(CreateOrderResponseSchema, {
    orderId: order.id,
    status: statusMessages[order.status],
    shortages: order.shortages.map((shortage) => create(ShortageSchema, shortage)),
    paymentDueTime: order.paymentDueAt && timestampFromDate(order.paymentDueAt),
    total: order.total && money(order.total),
    replayed,
  });
}

export function orderMessage(order: Order, history: readonly OrderStatusChange[]): OrderMessage {
  return create(OrderSchema, {
    orderId: order.id,
    userId: order.userId,
    status: statusMessages[order.status],
    lines: order.lines.map((line) =>
      create(OrderLineSchema, {
        sku: line.sku,
        quantity: line.quantity,
        name: line.name,
        unitPrice:
          order.total === undefined || line.unitPriceMinor === undefined
            ? undefined
            : money({ ...order.total, amountMinor: line.unitPriceMinor }),
        attributes: line.attributes?.map(({ name, value }) => ({ name, value })),
      }),
    ),
    total: order.total && money(order.total),
    createdTime: timestampFromDate(order.createdAt),
    paymentDueTime: order.paymentDueAt && timestampFromDate(order.paymentDueAt),
    version: order.version,
    cancelReason: cancelReasonMessage(order.cancelReason),
    shortages: order.shortages.map((shortage) => create(ShortageSchema, shortage)),
    history: history.map((change) =>
      create(OrderStatusChangeSchema, {
        version: change.version,
        status: statusMessages[change.status],
        cancelReason: cancelReasonMessage(change.cancelReason),
        changedTime: timestampFromDate(change.changedAt),
        stateCode: codeOfStatus(change.status),
        role: change.role,
        action: change.action,
        itemSku: change.sku,
      }),
    ),
    workflow: order.workflow.name,
    workflowVersion: order.workflow.version,
    stateCode: codeOfStatus(order.status),
    refunded: order.total && money({ ...order.total, amountMinor: order.refundedMinor }),
  });
}

/** An order with all that is known of it. */
export function detailedOrderMessage({ order, history, completesAt }: OrderDetails): OrderMessage {
  const { head, lines, fulfillment, table } = order;
  const message = orderMessage({ ...head, lines }, history);
  message.items = itemMessages(order);
  if (table !== undefined) {
    message.table = create(TableReferenceSchema, table);
  }
  if (fulfillment === undefined) {
    return message;
  }
  const { shippingAddress, shippingFeeMinor, shippedAt, carrier, trackingNumber, flags } = fulfillment;
  if (shippingAddress !== undefined) {
    message.shippingAddress = create(ShippingAddressSchema, addressInit(shippingAddress));
  }
  if (head.total !== undefined && shippingFeeMinor !== undefined) {
    message.shippingFee = money({ ...head.total, amountMinor: shippingFeeMinor });
  }
  if (shippedAt !== undefined) {
    message.shipment = create(ShipmentSchema, {
      carrier,
      trackingNumber,
      shippedTime: timestampFromDate(shippedAt),
      completesTime: completesAt && timestampFromDate(completesAt),
      buyerMayExtend: flags.includes("buyer_may_extend"),
      sellerMayExtend: flags.includes("seller_may_extend"),
    });
  }
  return message;
}

export function stockLevelMessage({ sku, warehouseId, onHand, reserved }: StockLevel): StockLevelMessage {
  return create(StockLevelSchema, { sku, warehouseId, onHand, reserved, available: onHand - reserved });
}

export function orderChangeMessage(entry: FeedEntry): OrderChange {
  return create(OrderChangeSchema, {
    orderId: entry.orderId,
    userId: entry.userId,
    version: entry.version,
    status: statusMessages[entry.status],
    cancelReason: cancelReasonMessage(entry.cancelReason),
    changedTime: timestampFromDate(entry.changedAt),
    stateCode: codeOfStatus(entry.status),
    role: entry.role,
    action: entry.action,
    itemSku: entry.sku,
  });
}

export function dateOf(time: Parameters<typeof timestampDate>[0] | undefined): Date | undefined {
  return time === undefined ? undefined : timestampDate(time);
}
