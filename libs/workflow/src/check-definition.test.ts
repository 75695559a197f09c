import { expect, test } from "vitest";
import { loan } from "../test/loan.ts";
import { checkDefinition } from "./check-definition.ts";
import { fitsTogether } from "./conditions.ts";
import type { Machine } from "./definition.ts";

function kinds(change: Partial<Machine>): readonly string[] {
  const machine = loan.machines.loan;
  if (machine === undefined) {
    throw new Error("There is no loan.");
  }
  const findings = checkDefinition({
    ...loan,
    machines: { ...loan.machines, loan: { ...machine, ...change } },
  });
  return findings.map(({ kind, machine: name }) => `${name} ${kind}`);
}

const { rows = [], states = [], timers = [] } = loan.machines.loan ?? {};

test("a sound definition has no findings", () => {
  expect(checkDefinition(loan)).toEqual([]);
});

test("one mistake of each kind is found where it is", () => {
  const lost = { code: "GONE", title: "gone" };
  expect(kinds({ initial: "NONE" })).toEqual(["loan unknown_name"]);
  expect(kinds({ states: [...states, { ...lost, final: true }] })).toEqual(["loan unreachable_state"]);
  expect(kinds({ states: [...states, lost] })).toEqual(["loan unreachable_state", "loan dead_end"]);
  const toGone = { action: "lose", roles: ["R"], from: ["OUT"], to: "GONE", cause: "request" } as const;
  expect(kinds({ states: [...states, lost], rows: [...rows, toGone] })).toEqual(["loan dead_end"]);
  expect(kinds({ rows: [...rows, { ...toGone, action: "return", to: "LATE" }] })).toEqual([
    "loan ambiguous_rows",
  ]);
  expect(kinds({ timers: timers.map((timer) => ({ ...timer, states: ["OUT", "LATE"] })) })).toEqual([
    "loan timer_without_action",
  ]);
  expect(kinds({ timers: [] })).toEqual(["loan action_without_timer"]);
  expect(kinds({ rows: [...rows, { ...toGone, to: "OUT", cause: "automatic" }] })).toEqual([
    "loan automatic_loop",
  ]);
  expect(kinds({ begins: { money: "with_seller", goods: "with_seller" } })).toEqual([
    "loan money_without_goods",
  ]);
});

test("conditions that can not hold at once", () => {
  expect(fitsTogether(["a", "b", undefined], [])).toBe(true);
  expect(fitsTogether(["a", "not a"], [])).toBe(false);
  expect(fitsTogether(["a", "b"], [["a", "b"]])).toBe(false);
  expect(fitsTogether(["not a", "not b"], [["a", "b"]])).toBe(true);
  expect(fitsTogether(["a", "not b"], [["a", "b"]])).toBe(true);
  expect(fitsTogether(["a", "c", "b"], [["a", "b"]])).toBe(false);
});
