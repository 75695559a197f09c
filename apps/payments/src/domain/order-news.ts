import { endReasonOf, type OrderEnd, type OrderState } from "./payment.ts";
import type { PaymentEvent } from "./payment-status.ts";

export type OrderChange = "awaiting_payment" | "paid" | OrderEnd;

/** What an order's event tells, as far as paying goes. */
export interface OrderNews {
  readonly change: OrderChange;
  readonly orderId: bigint;
  readonly userId: bigint;
  /** Grows with each event of the order. */
  readonly orderVersion: number;
  readonly currencyCode: string;
  readonly amountMinor: bigint;
  readonly paymentDueAt: Date;
}

/** What the news means to a payment that is there already; undefined: nothing. */
export function paymentEventOf({ change }: OrderNews): PaymentEvent | undefined {
  switch (change) {
    case "awaiting_payment":
      return undefined;
    case "paid":
      return { kind: "order_paid" };
    default:
      return { kind: "order_ended", how: change };
  }
}

/**
 * How a payment begins whose order's first news is this. An order that has ended before anything was heard of it gets
 * one too, a canceled one, so that an older event that is brought back later can not open it again.
 */
export function firstStateOf({ change, amountMinor }: OrderNews): {
  readonly status: "requires_payment" | "captured" | "canceled";
  readonly orderState: OrderState;
} {
  const orderState = change === "paid" ? "paid_otherwise" : change;
  if (endReasonOf(orderState) !== undefined) {
    return { status: "canceled", orderState };
  }
  // Nothing to collect: no provider is asked for 0.
  return { status: amountMinor === 0n ? "captured" : "requires_payment", orderState };
}
