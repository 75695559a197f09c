import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { Failure } from "@ordermesh/failure/failure";
import {
  type IssuedVoucher,
  type OrderAction,
  type OrderActionApplied,
  OrderActionAppliedSchema,
  OrderAwaitingPaymentSchema,
  OrderAwaitingSettlementSchema,
  OrderCanceledSchema,
  OrderCompletedSchema,
  OrderCreatedSchema,
  OrderDeclinedSchema,
  OrderDeliveredSchema,
  OrderFailedSchema,
  OrderPaidSchema,
  OrderPlacedSchema,
  type OrderRefund,
  OrderRefundFinishedSchema,
  OrderRefundRequestedSchema,
  OrderSettledSchema,
  OrderShipmentHeldSchema,
  OrderShipmentResumedSchema,
  OrderShippedSchema,
  type OrderSnapshot,
} from "@ordermesh/proto/ordermesh/events/v1/order_events_pb";
import { CancelReason as CancelReasonMessage, RefundKind } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import type { Money } from "@ordermesh/proto/ordermesh/type/v1/money_pb";
import type {
  CancelReason,
  OrderChange,
  Price,
  RefundNews,
  RefundStep,
  VoucherNews,
} from "../domain/order-news.ts";

/** What an event tells: of which order, and what a buyer is to know of it, if anything. */
export interface ToldChange {
  readonly order: OrderSnapshot | undefined;
  /** Undefined: nothing that the buyer has to be told. */
  readonly change: OrderChange | undefined;
}

type Reader = (value: Uint8Array) => ToldChange;

/**
 * Reads the payload of one type of event. A buyer is not told of steps between seller and platform (a shipment that is
 * held and goes on, accounting), nor of what he has done himself, nor of what happens at a table.
 */
const readers: Readonly<Record<string, Reader>> = {
  [OrderCreatedSchema.typeName]: (value) => told(decode(OrderCreatedSchema, value), { kind: "created" }),
  [OrderAwaitingPaymentSchema.typeName](value) {
    const { order } = decode(OrderAwaitingPaymentSchema, value);
    return told({ order }, { kind: "awaiting_payment", paymentDueAt: dateOf(order?.paymentDueTime) });
  },
  [OrderFailedSchema.typeName](value) {
    const { order, shortages } = decode(OrderFailedSchema, value);
    return told({ order }, { kind: "failed", shortages });
  },
  [OrderPaidSchema.typeName](value) {
    const { order, voucher } = decode(OrderPaidSchema, value);
    return told({ order }, { kind: "paid", voucher: voucherOf(voucher) });
  },
  [OrderCanceledSchema.typeName](value) {
    const { order, reason } = decode(OrderCanceledSchema, value);
    return told({ order }, { kind: "canceled", reason: cancelReasons[reason] ?? "unknown" });
  },
  [OrderShippedSchema.typeName](value) {
    const { order, carrier, trackingNumber } = decode(OrderShippedSchema, value);
    return told({ order }, { kind: "shipped", carrier, trackingNumber });
  },
  [OrderDeliveredSchema.typeName]: (value) =>
    told(decode(OrderDeliveredSchema, value), { kind: "delivered" }),
  [OrderCompletedSchema.typeName]: (value) =>
    told(decode(OrderCompletedSchema, value), { kind: "completed" }),
  [OrderRefundRequestedSchema.typeName](value) {
    const { order, sku, amount, kind } = decode(OrderRefundRequestedSchema, value);
    const isForExpiredCodes = kind === RefundKind.EXPIRATION;
    return told(
      { order },
      { kind: "refund_granted", refund: { sku, amount: priceOf(amount), isForExpiredCodes } },
    );
  },
  [OrderRefundFinishedSchema.typeName](value) {
    const { order, refund } = decode(OrderRefundFinishedSchema, value);
    return told({ order }, { kind: "refund_finished", refund: refundOf(refund) });
  },
  [OrderActionAppliedSchema.typeName](value) {
    const applied = decode(OrderActionAppliedSchema, value);
    return told(applied, changeOfAction(applied));
  },
  [OrderPlacedSchema.typeName]: (value) => told(decode(OrderPlacedSchema, value), undefined),
  [OrderDeclinedSchema.typeName]: (value) => told(decode(OrderDeclinedSchema, value), undefined),
  [OrderShipmentHeldSchema.typeName]: (value) => told(decode(OrderShipmentHeldSchema, value), undefined),
  [OrderShipmentResumedSchema.typeName]: (value) =>
    told(decode(OrderShipmentResumedSchema, value), undefined),
  [OrderAwaitingSettlementSchema.typeName]: (value) =>
    told(decode(OrderAwaitingSettlementSchema, value), undefined),
  [OrderSettledSchema.typeName]: (value) => told(decode(OrderSettledSchema, value), undefined),
};

/**
 * @returns undefined for a type that this version does not know.
 * @throws Failure `invalid_argument` for a payload that is not what its type says.
 */
export function readChange(eventType: string, value: Uint8Array): ToldChange | undefined {
  // Own keys only: the type is a stranger's word, and "constructor" is none of ours.
  return Object.hasOwn(readers, eventType) ? readers[eventType]?.(value) : undefined;
}

function told(
  { order }: { readonly order?: OrderSnapshot | undefined },
  change: OrderChange | undefined,
): ToldChange {
  return { order, change };
}

const cancelReasons: Readonly<Partial<Record<CancelReasonMessage, CancelReason>>> = {
  [CancelReasonMessage.REQUESTED]: "requested",
  [CancelReasonMessage.PAYMENT_DEADLINE]: "payment_deadline",
  [CancelReasonMessage.REFUNDED]: "refunded",
  [CancelReasonMessage.EXPIRED]: "expired",
  [CancelReasonMessage.DECLINED]: "declined",
};

/** Where a refund has come to, by its state's code, as far as its buyer has to be told. */
const refundSteps: Readonly<Record<string, RefundStep>> = {
  SRR: "rejected",
  WBS: "send_back",
  CSI: "customer_service",
  CSA: "customer_service",
  PCR: "closed_by_platform",
  CCR: "closed_for_silence",
  SCR: "overtaken_by_shipping",
};

const changesBySellers = {
  "change shipping addr": "shipping_address",
  "change shipping fee": "shipping_fee",
  "extend auto acking reception of order": "reception_time",
} as const;

function changeOfAction({ action, refund }: OrderActionApplied): OrderChange | undefined {
  if (action === undefined || action.role === "B") {
    return undefined;
  }
  return refund === undefined ? changeBySeller(action) : refundMove(action, refund);
}

function refundMove({ memo }: OrderAction, refund: OrderRefund): OrderChange | undefined {
  const to = Object.hasOwn(refundSteps, refund.stateCode) ? refundSteps[refund.stateCode] : undefined;
  return to && { kind: "refund_moved", to, refund: refundOf(refund), memo };
}

function changeBySeller({ role, action }: OrderAction): OrderChange | undefined {
  const what = Object.entries(changesBySellers).find(([name]) => name === action)?.[1];
  return role === "S" && what !== undefined ? { kind: "changed_by_seller", what } : undefined;
}

function refundOf(refund: OrderRefund | undefined): RefundNews {
  return {
    sku: refund?.itemSku ?? 0,
    amount: priceOf(refund?.amount),
    isForExpiredCodes: refund?.kind === RefundKind.EXPIRATION,
  };
}

function voucherOf(voucher: IssuedVoucher | undefined): VoucherNews | undefined {
  if (voucher === undefined) {
    return undefined;
  }
  const { codes, mobile, sealedFirstCode, validUntilTime } = voucher;
  const validUntil = dateOf(validUntilTime);
  if (codes === 0 || validUntil === undefined || !/^(\+[1-9][0-9]{6,14})?$/.test(mobile)) {
    throw malformed("The event has a voucher without codes, without an end, or for no phone number.");
  }
  return { codes, validUntil, mobile, sealedFirstCode };
}

export function priceOf(money: Money | undefined): Price | undefined {
  if (money === undefined) {
    return undefined;
  }
  if (!/^[A-Z]{3}$/.test(money.currencyCode)) {
    throw malformed("The event has a price without a currency.");
  }
  return { currencyCode: money.currencyCode, amountMinor: money.amountMinor };
}

/** A time that no calendar has is left out rather than shown. */
function dateOf(time: Timestamp | undefined): Date | undefined {
  const date = time === undefined ? undefined : timestampDate(time);
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date;
}

function decode<Schema extends DescMessage>(schema: Schema, value: Uint8Array): MessageShape<Schema> {
  try {
    return fromBinary(schema, value);
  } catch (error) {
    throw malformed(`The value is no ${schema.typeName}.`, error);
  }
}

export function malformed(message: string, cause?: unknown): Failure {
  return new Failure("invalid_argument", message, { reason: "MALFORMED_EVENT", cause });
}
