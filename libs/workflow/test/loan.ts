import type { WorkflowDefinition } from "../src/definition.ts";

/** A library's loan with its copy, which may get lost: small, and with one of everything. */
export const loan: WorkflowDefinition = {
  name: "loan",
  version: 1,
  title: "Loans",
  roles: { R: "reader", L: "librarian" },
  machines: {
    loan: {
      title: "The loan",
      initial: "",
      begins: { money: "with_buyer", goods: "with_seller" },
      states: [
        { code: "", title: "not begun" },
        { code: "OUT", title: "lent" },
        { code: "LATE", title: "overdue" },
        { code: "BACK", title: "returned", final: true },
      ],
      rows: [
        { action: "borrow", roles: ["R"], from: [""], to: "OUT", cause: "request", guard: "is_member" },
        {
          action: "renew",
          roles: ["R", "L"],
          from: ["OUT"],
          to: "OUT",
          cause: "request",
          guard: "not is_reserved",
        },
        { action: "remind", roles: ["L"], from: ["OUT"], to: "LATE", cause: "time" },
        { action: "note", roles: ["L"], from: ["OUT", "LATE"], to: "LATE", cause: "manual", hidden: true },
        { action: "return", roles: ["R"], from: ["OUT"], to: "BACK", cause: "request", event: "returned" },
        {
          action: "return",
          roles: ["R"],
          from: ["LATE"],
          to: "BACK",
          cause: "request",
          guard: "fee_is_paid",
        },
        {
          action: "close",
          roles: ["L"],
          from: ["OUT", "LATE"],
          to: "BACK",
          cause: "automatic",
          guard: "copy_is_lost",
        },
      ],
      timers: [{ name: "due", states: ["OUT"], after: "loan_period", action: "remind" }],
    },
    copy: {
      title: "The copy",
      initial: "",
      parent: "loan",
      begins: { money: "with_buyer", goods: "with_seller" },
      states: [
        { code: "", title: "on the shelf" },
        { code: "READ", title: "being read" },
        { code: "LOST", title: "lost", final: true },
      ],
      rows: [
        {
          action: "taken out",
          roles: ["L"],
          from: [""],
          to: "READ",
          cause: "automatic",
          whileParent: ["OUT"],
          silent: true,
        },
        {
          action: "report loss",
          roles: ["R"],
          from: ["READ"],
          to: "LOST",
          cause: "request",
          whileParent: ["OUT", "LATE"],
          opens: "claim",
        },
      ],
      timers: [],
    },
    claim: {
      title: "The claim",
      initial: "OPEN",
      parent: "loan",
      begins: { money: "with_buyer", goods: "with_buyer" },
      states: [
        { code: "OPEN", title: "open" },
        { code: "PAID", title: "paid", final: true },
      ],
      rows: [{ action: "pay", roles: ["R"], from: ["OPEN"], to: "PAID", cause: "request" }],
      timers: [],
    },
  },
  guards: {
    is_member: { text: "the reader is a member" },
    is_reserved: { text: "somebody waits for it" },
    fee_is_paid: { text: "the fee is paid" },
    copy_is_lost: { text: "the copy is lost" },
  },
  effects: {},
};
