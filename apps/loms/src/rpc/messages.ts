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
  CancelReason as CancelReasonMessage,
  OrderLineSchema,
  type Order as OrderMessage,
  OrderSchema,
  OrderStatusChangeSchema,
  OrderStatus as OrderStatusMessage,
  ShortageSchema,
} from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { type Money, MoneySchema } from "@ordermesh/proto/ordermesh/type/v1/money_pb";
import type { CancelReason, Order, OrderStatus, OrderStatusChange, Total } from "../domain/order.ts";
import type { OrderRequest } from "../domain/order-draft.ts";
import type { StockLevel } from "../domain/stock.ts";
import type { FeedEntry } from "../sql/order-feed.ts";

const statusMessages: Readonly<Record<OrderStatus, OrderStatusMessage>> = {
  new: OrderStatusMessage.NEW,
  awaiting_payment: OrderStatusMessage.AWAITING_PAYMENT,
  failed: OrderStatusMessage.FAILED,
  paid: OrderStatusMessage.PAID,
  canceled: OrderStatusMessage.CANCELED,
};

const cancelReasonMessages: Readonly<Record<CancelReason, CancelReasonMessage>> = {
  requested: CancelReasonMessage.REQUESTED,
  payment_deadline: CancelReasonMessage.PAYMENT_DEADLINE,
};

export function statusMessage(status: OrderStatus): OrderStatusMessage {
  return statusMessages[status];
}

export function statusesOf(messages: readonly OrderStatusMessage[]): OrderStatus[] {
  const statuses = Object.entries(statusMessages) as [OrderStatus, OrderStatusMessage][];
  return statuses.filter(([, message]) => messages.includes(message)).map(([status]) => status);
}

function cancelReasonMessage(reason: CancelReason | undefined): CancelReasonMessage {
  return reason === undefined ? CancelReasonMessage.UNSPECIFIED : cancelReasonMessages[reason];
}

export function orderRequestOf(message: CreateOrderRequest): OrderRequest {
  return {
    userId: message.userId,
    idempotencyKey: message.idempotencyKey,
    paymentWindowMs: message.paymentWindow === undefined ? undefined : durationMs(message.paymentWindow),
    lines: message.lines.map(({ sku, quantity, name, unitPrice }) => ({ sku, quantity, name, unitPrice })),
  };
}

export function createOrderResponse(order: Order, replayed: boolean): CreateOrderResponse {
  return create(CreateOrderResponseSchema, {
    orderId: order.id,
    status: statusMessage(order.status),
    shortages: order.shortages.map((shortage) => create(ShortageSchema, shortage)),
    paymentDueTime: timestampFromDate(order.paymentDueAt),
    total: totalMessage(order.total),
    replayed,
  });
}

export function orderMessage(order: Order, history: readonly OrderStatusChange[]): OrderMessage {
  return create(OrderSchema, {
    orderId: order.id,
    userId: order.userId,
    status: statusMessage(order.status),
    lines: order.lines.map((line) =>
      create(OrderLineSchema, {
        sku: line.sku,
        quantity: line.quantity,
        name: line.name,
        unitPrice:
          order.total === undefined || line.unitPriceMinor === undefined
            ? undefined
            : money(order.total.currencyCode, line.unitPriceMinor),
      }),
    ),
    total: totalMessage(order.total),
    createdTime: timestampFromDate(order.createdAt),
    paymentDueTime: timestampFromDate(order.paymentDueAt),
    version: order.version,
    cancelReason: cancelReasonMessage(order.cancelReason),
    shortages: order.shortages.map((shortage) => create(ShortageSchema, shortage)),
    history: history.map((change) =>
      create(OrderStatusChangeSchema, {
        version: change.version,
        status: statusMessage(change.status),
        cancelReason: cancelReasonMessage(change.cancelReason),
        changedTime: timestampFromDate(change.changedAt),
      }),
    ),
  });
}

export function stockLevelMessage({ sku, warehouseId, onHand, reserved }: StockLevel): StockLevelMessage {
  return create(StockLevelSchema, { sku, warehouseId, onHand, reserved, available: onHand - reserved });
}

export function orderChangeMessage(entry: FeedEntry): OrderChange {
  return create(OrderChangeSchema, {
    orderId: entry.orderId,
    userId: entry.userId,
    version: entry.version,
    status: statusMessage(entry.status),
    cancelReason: cancelReasonMessage(entry.cancelReason),
    changedTime: timestampFromDate(entry.changedAt),
  });
}

export function dateOf(time: Parameters<typeof timestampDate>[0] | undefined): Date | undefined {
  return time === undefined ? undefined : timestampDate(time);
}

function totalMessage(total: Total | undefined): Money | undefined {
  return total === undefined ? undefined : money(total.currencyCode, total.amountMinor);
}

function money(currencyCode: string, amountMinor: number): Money {
  return create(MoneySchema, { currencyCode, amountMinor: BigInt(amountMinor) });
}
