import type { Machine } from "@ordermesh/workflow/definition";
import type { LomsNames } from "./names.ts";
import { askAgain, asked, closed, end, finished, nothingToRefund, paying, withdrawn } from "./refund-rows.ts";

/**
 * Before the goods are shipped. A refund of all that the item cost takes it out of the order, and its units back into
 * stock; a partial one is a rebate, and the item is shipped.
 *
 * "order state changed to FS" is ours. Easy Order deleted the sheet of a request that shipping had overtaken, and kept it
 * in a table with room for one per item.
 */
export const preShippingRefund: Machine<LomsNames> = {
  title: "The refund before shipping",
  initial: "WSR",
  parent: "order",
  begins: { money: "with_seller", goods: "with_seller" },
  states: [
    asked,
    paying,
    finished,
    withdrawn,
    { code: "SCR", title: "closed because the goods were shipped", final: true },
  ],
  rows: [
    {
      action: "agree refund",
      roles: ["S"],
      from: ["WSR"],
      to: "PPR",
      cause: "request",
      effects: ["request_refund"],
      event: "seller_agree_refund",
    },
    {
      action: "seller no response",
      roles: ["P"],
      from: ["WSR"],
      to: "PPR",
      cause: "time",
      effects: ["request_refund"],
    },
    {
      action: "cancel refund request",
      roles: ["B"],
      from: ["WSR"],
      to: "CCR",
      cause: "request",
      event: closed,
    },
    {
      action: "order state changed to FS",
      roles: ["P"],
      from: ["WSR"],
      to: "SCR",
      cause: "automatic",
      whileParent: ["FS"],
    },
    askAgain,
    {
      ...end,
      action: "finished refund",
      cause: "input",
      guard: "refund_is_full",
      effects: ["record_refund", "restock_item"],
    },
    {
      ...end,
      action: "finished refund",
      cause: "input",
      guard: "not refund_is_full",
      effects: ["record_refund"],
    },
    { ...nothingToRefund, effects: ["restock_item"] },
  ],
  timers: [
    { name: "seller_no_response", states: ["WSR"], after: "seller_response", action: "seller no response" },
  ],
};
