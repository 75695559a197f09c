import type { Row, State, Timer } from "@ordermesh/workflow/definition";
import type { EffectName, EventName, LomsNames } from "./names.ts";

/** How every order begins, whatever its workflow: it is created, and is paid or is not. */

export const purchaseStates: readonly State[] = [
  { code: "", title: "not created" },
  { code: "WP", title: "awaiting payment" },
  { code: "FL", title: "failed for lack of stock", final: true },
];

/**
 * The rows of the purchase.
 *
 * @param options.paid the state of an order that was paid, and what is done and told of that.
 */
export function purchaseRows(options: {
  readonly paid: string;
  readonly effects: readonly EffectName[];
  readonly event: EventName;
}): readonly Row<LomsNames>[] {
  return [
    {
      action: "create order",
      roles: ["B"],
      from: [""],
      to: "WP",
      cause: "request",
      guard: "stock_is_reserved",
      effects: ["reserve_stock"],
      event: "order_created",
    },
    // Ours: an order that can not be supplied is recorded.
    {
      action: "create order",
      roles: ["B"],
      from: [""],
      to: "FL",
      cause: "request",
      guard: "not stock_is_reserved",
    },
    {
      action: "cancel order",
      roles: ["B"],
      from: ["WP"],
      to: "CT",
      cause: "request",
      effects: ["release_reservation"],
      reason: "requested",
    },
    { action: "make payment", roles: ["B"], from: ["WP"], to: "WP", cause: "request" },
    {
      action: "no payment",
      roles: ["P"],
      from: ["WP"],
      to: "CT",
      cause: "time",
      effects: ["release_reservation"],
      reason: "payment_deadline",
    },
    {
      action: "payment successful",
      roles: ["P"],
      from: ["WP"],
      to: options.paid,
      cause: "input",
      guard: "payment_is_in_time",
      effects: options.effects,
      event: options.event,
    },
    // Ours: the deadline is exact, also before its timer has fired. The order is canceled as the timer was about to.
    {
      action: "payment successful",
      roles: ["P"],
      from: ["WP"],
      to: "CT",
      cause: "input",
      guard: "not payment_is_in_time",
      effects: ["release_reservation"],
      reason: "payment_deadline",
      refusesWith: "PAYMENT_DEADLINE_PASSED",
    },
  ];
}

export const paymentDeadline: Timer<LomsNames> = {
  name: "payment_deadline",
  states: ["WP"],
  after: "payment_window",
  action: "no payment",
};
