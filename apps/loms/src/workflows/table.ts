import type { Machine, WorkflowDefinition } from "@ordermesh/workflow/definition";
import { meaningsOf } from "./meanings.ts";
import type { LomsNames } from "./names.ts";
import { roleNames } from "./roles.ts";

/*
 * Something that is made to order and paid after it was served. Nothing is reserved and nobody has to pay by a certain
 * time, so it begins otherwise than the other workflows, and nothing happens by itself. The seller's part is that of a
 * location's staff; the tables service takes it, because it knows who they are. In ordered-online orders had no states at
 * all: they were there, and could not be taken back.
 */

const order: Machine<LomsNames> = {
  title: "The order",
  initial: "",
  begins: { money: "with_buyer", goods: "with_seller" },
  states: [
    { code: "", title: "not created" },
    { code: "PL", title: "placed" },
    { code: "AC", title: "accepted" },
    { code: "PR", title: "being prepared" },
    { code: "SV", title: "served" },
    { code: "FP", title: "paid", final: true },
    { code: "DC", title: "declined", final: true },
    { code: "CT", title: "canceled", final: true },
  ],
  rows: [
    // By staff for somebody at the table as well.
    {
      action: "create order",
      roles: ["B", "S"],
      from: [""],
      to: "PL",
      cause: "request",
      event: "order_placed",
    },
    {
      action: "accept the order",
      roles: ["S"],
      from: ["PL"],
      to: "AC",
      cause: "request",
      event: "order_accepted",
    },
    {
      action: "decline the order",
      roles: ["S"],
      from: ["PL", "AC"],
      to: "DC",
      cause: "request",
      event: "order_declined",
    },
    {
      action: "start preparing",
      roles: ["S"],
      from: ["AC"],
      to: "PR",
      cause: "request",
      event: "order_in_preparation",
    },
    // Drinks need no preparation.
    {
      action: "serve the order",
      roles: ["S"],
      from: ["AC", "PR"],
      to: "SV",
      cause: "request",
      effects: ["deliver_order"],
      event: "order_served",
    },
    {
      action: "cancel order",
      roles: ["B", "S"],
      from: ["PL"],
      to: "CT",
      cause: "request",
      reason: "requested",
    },
    // The session was closed by force. What is served stays served: its bill is paid or written off.
    {
      action: "end the order",
      roles: ["S"],
      from: ["PL", "AC", "PR"],
      to: "CT",
      cause: "request",
      reason: "session_closed",
    },
    {
      action: "payment successful",
      roles: ["P"],
      from: ["SV"],
      to: "FP",
      cause: "input",
      effects: ["settle_bill"],
      event: "order_paid",
    },
  ],
  timers: [],
};

const machines = { order };

export const table: WorkflowDefinition<LomsNames> = {
  name: "table",
  version: 1,
  title: "Food that is made to order",
  roles: roleNames,
  machines,
  ...meaningsOf(Object.values(machines)),
};
