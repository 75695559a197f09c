import type { Row, State } from "@ordermesh/workflow/definition";
import type { EventName, LomsNames } from "./names.ts";

/*
 * What the three ways of a refund for goods have in common. Where a refund is agreed, the money is asked back at once (`request_refund`),
 * and "finished refund" says that it is back.
 */

export const asked: State = { code: "WSR", title: "waiting for the seller's answer" };
export const paying: State = { code: "PPR", title: "being paid back" };
export const finished: State = { code: "PFR", title: "finished", final: true };
export const withdrawn: State = { code: "CCR", title: "closed by the buyer", final: true };
export const refused: State = { code: "PCR", title: "closed by the platform", final: true };
export const rejected: State = { code: "SRR", title: "rejected by the seller" };
export const inReview: State = { code: "CSI", title: "with customer service" };

export type RefundRow = Row<LomsNames>;

export const end = { roles: ["P"], from: ["PPR"], to: "PFR", event: "refund_sheet_finished" } as const;

/** Ours: nothing is asked of the payment service for an item without a price. */
export const nothingToRefund = {
  ...end,
  action: "nothing to refund",
  cause: "automatic",
  guard: "refund_is_free",
} as const satisfies RefundRow;

/** Ours: the payment service could not give the money back, and is to try again. */
export const askAgain: RefundRow = {
  action: "ask for refund again",
  roles: ["P", "A"],
  from: ["PPR"],
  to: "PPR",
  cause: "manual",
  effects: ["request_refund"],
};

export const closed = "refund_sheet_closed" satisfies EventName;

/** The rows that a refund of shipped goods has with and without their return. */
export const negotiationRows: readonly RefundRow[] = [
  { action: "reject refund", roles: ["S"], from: ["WSR"], to: "SRR", cause: "request" },
  { action: "seller no response", roles: ["P"], from: ["WSR"], to: "CSI", cause: "time" },
  {
    action: "change refund request",
    roles: ["B"],
    from: ["SRR"],
    to: "WSR",
    cause: "request",
    guard: "amount_is_refundable",
    effects: ["change_refund"],
  },
  {
    action: "request customer service involvement",
    roles: ["B"],
    from: ["SRR"],
    to: "CSI",
    cause: "request",
  },
];
