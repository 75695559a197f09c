import { type OrderLine, RefundKind } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { parseAmount } from "../format.ts";
import type { OrderActionInput } from "../use-order-action.ts";

export interface RefundWish {
  /** Absent: what is left of a service order. */
  readonly line: OrderLine | undefined;
  /** As it was typed. */
  readonly amount: string;
  readonly reason: string;
  readonly withReturn: boolean;
  /** A refused request is asked again, with other words. */
  readonly isChange: boolean;
}

/** The action that asks for it. Undefined if the amount is none. */
export function refundRequest({
  line,
  amount,
  reason,
  withReturn,
  isChange,
}: RefundWish): OrderActionInput | undefined {
  const currencyCode = line?.unitPrice?.currencyCode;
  const amountMinor = currencyCode === undefined ? undefined : parseAmount(amount, currencyCode);
  if (currencyCode !== undefined && amountMinor === undefined) {
    return undefined;
  }
  const ask = withReturn ? "request refund with return" : "request refund";
  return {
    action: isChange ? "change refund request" : ask,
    ...(line !== undefined && { itemSku: line.sku }),
    parameters: {
      reason,
      ...(currencyCode !== undefined &&
        amountMinor !== undefined && { refundAmount: { currencyCode, amountMinor } }),
      ...(isChange && { refundKind: withReturn ? RefundKind.WITH_RETURN : RefundKind.REFUND_ONLY }),
    },
  };
}
