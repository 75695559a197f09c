import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type OrderItem,
  OrderItemSchema,
  RefundKind as RefundKindMessage,
  type RefundSheet as RefundSheetMessage,
  RefundSheetSchema,
  type ShippingAddress as ShippingAddressMessage,
} from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import {
  type ActionParameters as ActionParametersMessage,
  ActionParametersSchema,
  type HistoryEntry,
  HistoryEntrySchema,
  type SkippedTimer,
  SkippedTimerSchema,
} from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import { type Money, MoneySchema } from "@ordermesh/proto/ordermesh/type/v1/money_pb";
import type { Call } from "@ordermesh/rpc/call";
import { cancelReasonMessage, refundKindMessages, statusMessages } from "../contract/enums.ts";
import type { ActionParameters, Amount } from "../domain/action-parameters.ts";
import type { ShippingAddress } from "../domain/order.ts";
import type { OrderStep, StepTrace } from "../domain/order-step.ts";
import type { RefundSheet } from "../domain/refund-sheet.ts";
import { type StoredOrder, snapshotOf } from "../domain/stored-order.ts";
import type { TimerSkip } from "../sql/timer-skips.ts";
import { codeOfStatus } from "../workflows/states.ts";

/** What an action is given. What is empty was not given. */
export function parametersOf(message: ActionParametersMessage | undefined): ActionParameters {
  if (message === undefined) {
    return {};
  }
  const { reason, memo, refundKind, refundAmount, pictureUrls, carrier, trackingNumber } = message;
  const { shippingAddress, shippingFee } = message;
  return {
    ...(reason !== "" && { reason }),
    ...(memo !== "" && { memo }),
    ...(refundKind === RefundKindMessage.REFUND_ONLY && { refundKind: "refund_only" as const }),
    ...(refundKind === RefundKindMessage.WITH_RETURN && { refundKind: "with_return" as const }),
    ...(refundAmount !== undefined && { refundAmount: amountOf(refundAmount) }),
    ...(pictureUrls.length > 0 && { pictureUrls }),
    ...(carrier !== "" && { carrier }),
    ...(trackingNumber !== "" && { trackingNumber }),
    ...(shippingAddress !== undefined && { shippingAddress: addressOf(shippingAddress) }),
    ...(shippingFee !== undefined && { shippingFee: amountOf(shippingFee) }),
  };
}

export function amountOf({ currencyCode, amountMinor }: Money): Amount {
  return { currencyCode, amountMinor: Number(amountMinor) };
}

export function addressOf(message: ShippingAddressMessage): ShippingAddress {
  const { recipient, lines, postalCode, city, countryCode, phone } = message;
  return { recipient, lines, postalCode, city, countryCode, phone };
}

function parametersMessage(parameters: ActionParameters | undefined): ActionParametersMessage | undefined {
  if (parameters === undefined) {
    return undefined;
  }
  const { refundKind, refundAmount, shippingFee, shippingAddress, pictureUrls, ...texts } = parameters;
  return create(ActionParametersSchema, {
    ...texts,
    refundKind: refundKind && refundKindMessages[refundKind],
    refundAmount: refundAmount && money(refundAmount),
    shippingFee: shippingFee && money(shippingFee),
    shippingAddress: shippingAddress && addressInit(shippingAddress),
    pictureUrls: [...(pictureUrls ?? [])],
  });
}

export function addressInit({ lines, ...rest }: ShippingAddress) {
  return { ...rest, lines: [...lines] };
}

export function money({ currencyCode, amountMinor }: Amount): Money {
  return create(MoneySchema, { currencyCode, amountMinor: BigInt(amountMinor) });
}

/**
 * Steps of an order, for whoever calls. Their traces are for those who run the shop: a buyer, who is limited to his own
 * orders, has nothing to look them up in, and they are of other people's calls as well.
 */
export function historyEntries(
  steps: readonly OrderStep[],
  { limitedToUserId }: Pick<Call, "limitedToUserId">,
): HistoryEntry[] {
  return steps.map((step) => historyEntry(step, limitedToUserId === undefined ? step.trace : undefined));
}

function historyEntry(step: OrderStep, trace: StepTrace | undefined): HistoryEntry {
  return create(HistoryEntrySchema, {
    version: step.version,
    changedTime: timestampFromDate(step.changedAt),
    status: statusMessages[step.status],
    stateCode: codeOfStatus(step.status),
    cancelReason: cancelReasonMessage(step.cancelReason),
    role: step.role,
    actor: step.actor,
    action: step.action,
    itemSku: step.sku,
    itemCode: step.itemState,
    refundCode: step.refundState,
    refundId: step.refundId,
    event: step.event,
    parameters: parametersMessage(step.parameters),
    traceId: trace?.id,
    traceRecorded: trace?.isRecorded,
  });
}

export function skippedTimer({ kind, sku, step, skippedAt, actor, reason }: TimerSkip): SkippedTimer {
  return create(SkippedTimerSchema, {
    timer: kind,
    itemSku: sku,
    step,
    skippedTime: timestampFromDate(skippedAt),
    actor,
    reason,
  });
}

/** The items of an order, each with all of its refunds. */
export function itemMessages(order: StoredOrder): OrderItem[] {
  const currencyCode = order.head.total?.currencyCode;
  return snapshotOf(order).items.map(({ sku, state }) =>
    create(OrderItemSchema, {
      sku,
      stateCode: state,
      refunds: order.sheets
        .filter((sheet) => sheet.sku === sku)
        .map((sheet) => sheetMessage(sheet, currencyCode)),
    }),
  );
}

function sheetMessage(sheet: RefundSheet, currencyCode: string | undefined): RefundSheetMessage {
  const { amountMinor } = sheet;
  return create(RefundSheetSchema, {
    refundId: sheet.id,
    itemSku: sheet.sku,
    kind: refundKindMessages[sheet.kind],
    stateCode: sheet.state,
    amount: currencyCode === undefined ? undefined : money({ currencyCode, amountMinor }),
    reason: sheet.reason,
    memo: sheet.memo,
    pictureUrls: [...sheet.pictureUrls],
    carrier: sheet.carrier,
    trackingNumber: sheet.trackingNumber,
    createdTime: timestampFromDate(sheet.createdAt),
    changedTime: timestampFromDate(sheet.changedAt),
    failureCode: sheet.failureCode,
  });
}
