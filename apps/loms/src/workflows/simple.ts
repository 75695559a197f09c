import type { Machine, WorkflowDefinition } from "@ordermesh/workflow/definition";
import { meaningsOf } from "./meanings.ts";
import type { LomsNames } from "./names.ts";
import { paymentDeadline, purchaseRows, purchaseStates } from "./purchase.ts";
import { roleNames } from "./roles.ts";

/*
 * Paid, and delivered by itself a while later: the order of order-processing-system. There a late payment brought a
 * canceled order back to life, and canceling one that was paid kept the money.
 */

const order: Machine<LomsNames> = {
  title: "The order",
  initial: "",
  begins: { money: "with_buyer", goods: "with_seller" },
  states: [
    ...purchaseStates,
    { code: "CF", title: "confirmed" },
    { code: "DL", title: "delivered", final: true },
    { code: "CT", title: "canceled", final: true },
  ],
  rows: [
    ...purchaseRows({ paid: "CF", effects: ["commit_reservation"], event: "order_paid" }),
    {
      action: "payment declined",
      roles: ["P"],
      from: ["WP"],
      to: "CT",
      cause: "input",
      effects: ["release_reservation"],
      reason: "declined",
    },
    {
      action: "cancel order",
      roles: ["B"],
      from: ["CF"],
      to: "CT",
      cause: "request",
      effects: ["restock_order", "refund_canceled_order"],
      reason: "requested",
    },
    {
      action: "deliver the order",
      roles: ["P"],
      from: ["CF"],
      to: "DL",
      cause: "time",
      effects: ["deliver_order"],
      event: "order_delivered",
    },
  ],
  timers: [
    paymentDeadline,
    { name: "delivery", states: ["CF"], after: "delivery", action: "deliver the order" },
  ],
};

const machines = { order };

export const simple: WorkflowDefinition<LomsNames> = {
  name: "simple",
  version: 1,
  title: "Goods that are delivered by themselves",
  roles: roleNames,
  machines,
  ...meaningsOf(Object.values(machines)),
};
