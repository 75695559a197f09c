import type { CancelReason, OrderStatus } from "./order.ts";

/** What can be asked of an order once it exists. */
export type OrderCommand = "pay" | "cancel" | "expire";

export const orderCommands: readonly OrderCommand[] = ["pay", "cancel", "expire"];
export const orderStatuses: readonly OrderStatus[] = [
  "new",
  "awaiting_payment",
  "failed",
  "paid",
  "canceled",
];

/** Why a command is refused: stable, for programs. */
export type RefusalReason =
  | "ORDER_FAILED"
  | "ORDER_PAID"
  | "ORDER_CANCELED"
  | "PAYMENT_DEADLINE_PASSED"
  | "ORDER_NOT_STORED";

export type Decision =
  | {
      readonly kind: "move";
      readonly to: "paid" | "canceled";
      readonly cancelReason?: CancelReason;
      /** Set if the order moves, but not as the caller wanted. */
      readonly refusal?: RefusalReason;
    }
  | { readonly kind: "unchanged" }
  | { readonly kind: "refused"; readonly reason: RefusalReason };

const unchanged: Decision = { kind: "unchanged" };
const refused = (reason: RefusalReason): Decision => ({ kind: "refused", reason });
const cancelBecause = (cancelReason: CancelReason): Decision => ({
  kind: "move",
  to: "canceled",
  cancelReason,
});

/**
 * The one table of status moves: each status with each command. A command that finds its work done changes nothing
 * and succeeds, so that it can be repeated.
 */
const decisions: Readonly<Record<OrderStatus, Readonly<Record<OrderCommand, Decision>>>> = {
  new: {
    pay: refused("ORDER_NOT_STORED"),
    cancel: refused("ORDER_NOT_STORED"),
    expire: refused("ORDER_NOT_STORED"),
  },
  awaiting_payment: {
    pay: { kind: "move", to: "paid" },
    cancel: cancelBecause("requested"),
    expire: cancelBecause("payment_deadline"),
  },
  failed: {
    pay: refused("ORDER_FAILED"),
    cancel: refused("ORDER_FAILED"),
    expire: unchanged,
  },
  paid: {
    pay: unchanged,
    cancel: refused("ORDER_PAID"),
    expire: unchanged,
  },
  canceled: {
    pay: refused("ORDER_CANCELED"),
    cancel: unchanged,
    expire: unchanged,
  },
};

/**
 * What a command does to an order.
 *
 * The deadline is exact: an order that is past it can not be paid although it still awaits payment. It is canceled on
 * the spot, as the timer was about to. A timer that fires early, by a clock that jumped, does nothing.
 */
export function decide(command: OrderCommand, status: OrderStatus, isPastDeadline: boolean): Decision {
  if (status === "awaiting_payment" && command === "pay" && isPastDeadline) {
    return {
      kind: "move",
      to: "canceled",
      cancelReason: "payment_deadline",
      refusal: "PAYMENT_DEADLINE_PASSED",
    };
  }
  if (status === "awaiting_payment" && command === "expire" && !isPastDeadline) {
    return unchanged;
  }
  return decisions[status][command];
}
