import fc from "fast-check";
import { expect, test } from "vitest";
import { loan } from "../test/loan.ts";
import { allowedActions } from "./allowed-actions.ts";
import { decide, type Situation } from "./decide.ts";
import { machineOf, type WorkflowDefinition } from "./definition.ts";

function situation(state: string, ...held: readonly string[]): Situation {
  return { machine: "loan", state, holds: (guard) => held.includes(guard) };
}

function refusal(state: string, role: string, action: string, ...held: readonly string[]) {
  const decision = decide(loan, situation(state, ...held), { role, action });
  if (decision.kind !== "refused") {
    throw new Error("It is not refused.");
  }
  return decision.refusal;
}

test("a row is taken by state, role and guard", () => {
  const decision = decide(loan, situation("", "is_member"), { role: "R", action: "borrow" });
  expect(decision).toMatchObject({ kind: "move", row: { to: "OUT" } });
  expect(decide(loan, situation("OUT"), { role: "L", action: "renew" }).kind).toBe("move");
  expect(decide(loan, situation("OUT", "is_reserved"), { role: "L", action: "renew" }).kind).toBe("refused");
});

test("a refusal says why, who may, where, and in words", () => {
  expect(refusal("OUT", "X", "renew").reason).toBe("UNKNOWN_ROLE");
  expect(refusal("OUT", "R", "burn")).toMatchObject({
    reason: "UNKNOWN_ACTION",
    text: 'The loan knows no action "burn".',
  });
  expect(refusal("LATE", "R", "renew")).toMatchObject({
    reason: "WRONG_STATE",
    possibleIn: ["OUT"],
    whoMay: [],
    text: 'The loan is "overdue"; "renew" is possible when it is "lent".',
  });
  expect(refusal("OUT", "R", "remind")).toMatchObject({
    reason: "WRONG_ROLE",
    whoMay: ["L"],
    text: 'The loan is "lent"; "remind" is for the librarian, not for the reader.',
  });
  expect(refusal("LATE", "R", "return")).toMatchObject({
    reason: "GUARD_REFUSED",
    guard: "fee_is_paid",
    text: 'The loan is "overdue"; "return" needs that the fee is paid.',
  });
  expect(refusal("OUT", "R", "renew", "is_reserved")).toMatchObject({
    guard: "not is_reserved",
    text: 'The loan is "lent"; "renew" needs that it is not so that somebody waits for it.',
  });
});

test("a row may depend on the state of the parent", () => {
  const copy = (parentState: string): Situation => ({
    machine: "copy",
    state: "READ",
    parentState,
    holds: () => false,
  });
  expect(decide(loan, copy("LATE"), { role: "R", action: "report loss" }).kind).toBe("move");
  expect(decide(loan, copy("BACK"), { role: "R", action: "report loss" })).toMatchObject({
    refusal: { reason: "WRONG_STATE", text: '"report loss" does not fit where the loan stands.' },
  });
});

test("what follows by itself, and what is hidden, is not listed but can be taken", () => {
  expect(allowedActions(loan, situation("OUT", "copy_is_lost"), "L")).toEqual(["renew", "remind"]);
  expect(decide(loan, situation("OUT", "copy_is_lost"), { role: "L", action: "close" }).kind).toBe("move");
  expect(decide(loan, situation("OUT"), { role: "L", action: "note" }).kind).toBe("move");
});

test("a machine that there is not is a mistake of the program", () => {
  expect(() => machineOf(loan, "shelf")).toThrow('loan@1 has no machine "shelf"');
});

const words = (...all: string[]) => fc.constantFrom(...all);
const subset = (...all: string[]) => fc.subarray(all, { minLength: 1 });

/** Any machine at all, also a nonsensical one. */
const definitions = fc
  .array(
    fc.record({
      action: words("a", "b", "c"),
      roles: subset("P", "B"),
      from: subset("1", "2", "3"),
      to: words("1", "2", "3"),
      cause: fc.constantFrom("request" as const, "automatic" as const, "time" as const),
      whileParent: fc.option(subset("x", "y"), { nil: undefined }),
      guard: fc.option(words("g", "not g", "h"), { nil: undefined }),
      hidden: fc.boolean(),
    }),
    { maxLength: 8 },
  )
  .map(
    (rows): WorkflowDefinition => ({
      name: "any",
      version: 1,
      title: "Any",
      roles: { P: "platform", B: "buyer" },
      machines: {
        it: {
          title: "It",
          initial: "1",
          begins: { money: "with_buyer", goods: "with_seller" },
          states: ["1", "2", "3"].map((code) => ({ code, title: code })),
          rows,
          timers: [],
        },
      },
      guards: { g: { text: "g" }, h: { text: "h" } },
      effects: {},
    }),
  );

test("what is listed is what is not refused, in any definition", () => {
  fc.assert(
    fc.property(
      definitions,
      words("1", "2", "3"),
      words("x", "y"),
      words("P", "B"),
      fc.subarray(["g", "h"]),
      (definition, state, parentState, role, held) => {
        const it: Situation = {
          machine: "it",
          state,
          parentState,
          holds: (guard) => held.includes(guard),
        };
        const listed = allowedActions(definition, it, role);
        for (const action of ["a", "b", "c", "d"]) {
          const decision = decide(definition, it, { role, action });
          const others = machineOf(definition, "it").rows.filter(
            (row) => row.action === action && (row.hidden === true || row.cause === "automatic"),
          );
          if (listed.includes(action)) {
            expect(decision.kind).toBe("move");
          } else if (others.length === 0) {
            expect(decision.kind).toBe("refused");
          }
        }
      },
    ),
    { numRuns: 500 },
  );
});
