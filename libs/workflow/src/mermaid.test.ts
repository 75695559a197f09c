import { expect, test } from "vitest";
import { loan } from "../test/loan.ts";
import { toMermaid } from "./mermaid.ts";

test("a machine is drawn with all its ways, and what follows by itself in brackets", () => {
  expect(toMermaid(loan, "loan")).toBe(`stateDiagram-v2
  state "OUT lent" as OUT
  state "LATE overdue" as LATE
  state "BACK returned" as BACK
  [*] --> OUT: R borrow
  OUT --> OUT: R/L renew
  OUT --> LATE: L remind<br/>L note
  LATE --> LATE: L note
  OUT --> BACK: R return<br/>(L close)
  LATE --> BACK: R return<br/>(L close)
  BACK --> [*]
`);
});

test("a machine that begins in a state has an arrow into it", () => {
  expect(toMermaid(loan, "claim")).toContain("  [*] --> OPEN\n  OPEN --> PAID: R pay\n");
});

test("the way that was taken and the state that was reached are marked", () => {
  const drawn = toMermaid(loan, "loan", { path: ["", "OUT", "LATE", "OUT", "XX"], current: "LATE" });
  expect(drawn).toContain("  class OUT,LATE visited\n");
  expect(drawn).toContain("  class LATE current\n");
  expect(toMermaid(loan, "loan", { path: [], current: "" })).toBe(toMermaid(loan, "loan"));
});
