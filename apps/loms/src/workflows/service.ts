import type { Machine, WorkflowDefinition } from "@ordermesh/workflow/definition";
import { meaningsOf } from "./meanings.ts";
import type { LomsNames } from "./names.ts";
import { paymentDeadline, purchaseRows, purchaseStates } from "./purchase.ts";
import { roleNames } from "./roles.ts";

/*
 * Something that is used at a counter, code by code: Easy Order's service order. It has one line and at most one refund.
 * What differs, because it did harm there:
 * - Codes can not be used any more from the request of a refund on (`hold_codes`), and after their time.
 * - "attendance code expired" has a second row, for terms that refund nothing: there such an order stayed paid for ever.
 * - "finished refund" needs a refund to finish. The end of the order follows by itself, as "all used" does.
 */

const order: Machine<LomsNames> = {
  title: "The order",
  initial: "",
  begins: { money: "with_buyer", goods: "with_seller" },
  states: [
    ...purchaseStates,
    { code: "FP", title: "paid" },
    { code: "ST", title: "completed", final: true },
    { code: "CT", title: "canceled", final: true },
  ],
  rows: [
    ...purchaseRows({
      paid: "FP",
      effects: ["commit_reservation", "issue_codes"],
      event: "payment_successful",
    }),
    {
      action: "request refund",
      roles: ["B"],
      from: ["FP"],
      to: "FP",
      cause: "request",
      guard: "voucher_is_refundable",
      effects: ["hold_codes", "request_refund"],
      opens: "anytime",
      event: "refund_requested",
    },
    {
      action: "attendance code expired",
      roles: ["P"],
      from: ["FP"],
      to: "FP",
      cause: "time",
      guard: "expiration_is_refundable",
      effects: ["expire_codes", "request_refund"],
      opens: "expiration",
      event: "attendance_code_expired",
    },
    {
      action: "attendance code expired",
      roles: ["P"],
      from: ["FP"],
      to: "ST",
      cause: "time",
      guard: "expiration_is_not_refundable",
      effects: ["expire_codes"],
      event: "attendance_code_expired",
    },
    {
      action: "finished refund",
      roles: ["P"],
      from: ["FP"],
      to: "FP",
      cause: "input",
      guard: "refund_is_in_process",
      effects: ["refund_codes"],
      event: "refund_sheet_finished",
    },
    {
      action: "used service finished refund",
      roles: ["P"],
      from: ["FP"],
      to: "ST",
      cause: "automatic",
      guard: "used_refund_is_finished",
    },
    {
      action: "unused service finished refund",
      roles: ["P"],
      from: ["FP"],
      to: "CT",
      cause: "automatic",
      guard: "unused_refund_is_finished",
      effects: ["restock_order"],
      reason: "refunded",
    },
    {
      action: "unused service finished refund",
      roles: ["P"],
      from: ["FP"],
      to: "CT",
      cause: "automatic",
      guard: "unused_expiration_is_finished",
      effects: ["restock_order"],
      reason: "expired",
    },
    {
      action: "all used",
      roles: ["P"],
      from: ["FP"],
      to: "ST",
      cause: "automatic",
      guard: "all_codes_are_used",
    },
  ],
  timers: [
    paymentDeadline,
    {
      name: "voucher_expiry",
      states: ["FP"],
      after: "voucher_validity",
      action: "attendance code expired",
      // Its codes can not be used any more, and its end ends the order.
      heldWhile: "refund_is_in_process",
    },
  ],
};

/** Both refunds of a voucher go through the same machine; they differ in why. */
function voucherRefund(title: string): Machine<LomsNames> {
  return {
    title,
    initial: "PPR",
    parent: "order",
    begins: { money: "with_seller", goods: "with_buyer" },
    states: [
      { code: "PPR", title: "being paid back" },
      { code: "PFR", title: "finished", final: true },
    ],
    rows: [
      {
        action: "finished refund",
        roles: ["P"],
        from: ["PPR"],
        to: "PFR",
        cause: "input",
        effects: ["record_refund"],
        event: "refund_sheet_finished",
      },
      {
        action: "ask for refund again",
        roles: ["P", "A"],
        from: ["PPR"],
        to: "PPR",
        cause: "manual",
        effects: ["request_refund"],
      },
    ],
    timers: [],
  };
}

const machines = {
  order,
  anytime: voucherRefund("The refund on request"),
  expiration: voucherRefund("The refund for the expiration"),
};

export const service: WorkflowDefinition<LomsNames> = {
  name: "service",
  version: 1,
  title: "A service that is used with codes",
  roles: roleNames,
  machines,
  ...meaningsOf(Object.values(machines)),
  exclusiveGuards: [
    ["expiration_is_refundable", "expiration_is_not_refundable"],
    ["used_refund_is_finished", "unused_refund_is_finished", "unused_expiration_is_finished"],
  ],
};
