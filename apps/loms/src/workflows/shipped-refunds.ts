import type { Machine } from "@ordermesh/workflow/definition";
import type { LomsNames } from "./names.ts";
import {
  askAgain,
  asked,
  closed,
  end,
  finished,
  inReview,
  negotiationRows,
  nothingToRefund,
  paying,
  type RefundRow,
  refused,
  rejected,
  withdrawn,
} from "./refund-rows.ts";

/** The buyer keeps the goods. */
export const refundOnly: Machine<LomsNames> = {
  title: "The refund without return",
  initial: "WSR",
  parent: "order",
  begins: { money: "with_seller", goods: "with_buyer" },
  states: [asked, rejected, inReview, paying, finished, withdrawn, refused],
  rows: [
    ...negotiationRows,
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
      action: "cancel refund request",
      roles: ["B"],
      from: ["WSR", "SRR"],
      to: "CCR",
      cause: "request",
      event: closed,
    },
    { action: "reject refund", roles: ["P", "A"], from: ["CSI"], to: "PCR", cause: "manual", event: closed },
    {
      action: "force refund",
      roles: ["P", "A"],
      from: ["CSI"],
      to: "PPR",
      cause: "manual",
      effects: ["request_refund"],
    },
    { action: "buyer no response", roles: ["P"], from: ["SRR"], to: "CCR", cause: "time", event: closed },
    askAgain,
    { ...end, action: "finished refund", cause: "input", effects: ["record_refund"] },
    nothingToRefund,
  ],
  timers: [
    { name: "seller_no_response", states: ["WSR"], after: "seller_response", action: "seller no response" },
    { name: "buyer_no_response", states: ["SRR"], after: "buyer_response", action: "buyer no response" },
  ],
};

/** The goods come back, and the money goes back after them. */
export const refundWithReturn: Machine<LomsNames> = {
  title: "The refund with return",
  initial: "WSR",
  parent: "order",
  begins: { money: "with_seller", goods: "with_buyer" },
  states: [
    asked,
    rejected,
    inReview,
    { code: "WBS", title: "waiting for the buyer to ship back" },
    { code: "WSA", title: "waiting for the seller, shipped back" },
    { code: "CSA", title: "with customer service, shipped back" },
    paying,
    finished,
    withdrawn,
    refused,
  ],
  rows: [...negotiationRows, ...returnRows(), askAgain],
  timers: [
    {
      name: "seller_no_response",
      states: ["WSR", "WSA"],
      after: "seller_response",
      action: "seller no response",
    },
    {
      name: "buyer_no_response",
      states: ["SRR", "WBS"],
      after: "buyer_response",
      action: "buyer no response",
    },
  ],
};

function returnRows(): readonly RefundRow[] {
  const pay = { to: "PPR", effects: ["request_refund"] } as const;
  const manual = { roles: ["P", "A"], cause: "manual" } as const;
  return [
    { action: "agree refund", roles: ["S"], from: ["WSR"], to: "WBS", cause: "request" },
    {
      action: "cancel refund request",
      roles: ["B"],
      from: ["WSR", "SRR", "WBS"],
      to: "CCR",
      cause: "request",
      event: closed,
    },
    {
      action: "ship back",
      roles: ["B"],
      from: ["WBS"],
      to: "WSA",
      cause: "request",
      effects: ["store_return_shipment"],
    },
    { action: "seller no response", roles: ["P"], from: ["WSA"], cause: "time", ...pay },
    { action: "reject refund", roles: ["S"], from: ["WSA"], to: "CSA", cause: "request" },
    { action: "agree refund", roles: ["S"], from: ["WSA"], cause: "request", ...pay },
    { ...manual, action: "reject refund", from: ["CSI"], to: "PCR", event: closed },
    // Easy Order's row had neither money nor goods for the buyer. Who is not refunded keeps what was bought.
    {
      ...manual,
      action: "reject refund",
      from: ["CSA"],
      to: "PCR",
      effects: ["send_goods_back"],
      event: closed,
    },
    { ...manual, action: "force refund", from: ["CSI"], to: "WBS" },
    { ...manual, action: "force refund", from: ["CSA"], ...pay },
    {
      action: "buyer no response",
      roles: ["P"],
      from: ["SRR", "WBS"],
      to: "CCR",
      cause: "time",
      event: closed,
    },
    { ...end, action: "finished refund", cause: "input", effects: ["record_refund", "restock_item"] },
    { ...nothingToRefund, effects: ["restock_item"] },
  ];
}
