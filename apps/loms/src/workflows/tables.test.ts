import { decide, type Refusal, type Situation } from "@ordermesh/workflow/decide";
import { listMachines, readCondition } from "@ordermesh/workflow/definition";
import { describe, expect, test } from "vitest";
import {
  ownRows,
  productTables,
  readTable,
  serviceTables,
  simpleTables,
  type TableRow,
  tableTables,
} from "../../test/easy-order-tables.ts";
import type { GuardName, LomsNames, MachineName } from "./names.ts";
import { product } from "./product.ts";
import type { LomsWorkflow } from "./registry.ts";
import { service } from "./service.ts";
import { simple } from "./simple.ts";
import { table } from "./table.ts";

/*
 * Every row of every table moves as the table says, and every other (state of the order, state, role, action) is refused
 * with a reason, whatever the guards say. The tables are written down apart from the definitions.
 */

const cases: readonly {
  readonly definition: LomsWorkflow;
  readonly tables: Readonly<Record<string, string>>;
  readonly own: Readonly<Record<string, string>>;
}[] = [
  { definition: product, tables: productTables, own: ownRows.product },
  { definition: service, tables: serviceTables, own: ownRows.service },
  { definition: simple, tables: simpleTables, own: ownRows.simple },
  { definition: table, tables: tableTables, own: ownRows.table },
];

/** Post actions that only started a timer: of the state that is entered, or of the refund that is opened. */
const timerOfPostAction: Readonly<Record<string, string>> = {
  seller_no_response: "seller_no_response",
  refund_seller_no_response: "seller_no_response",
  buyer_no_response: "buyer_no_response",
};

const roles = ["P", "A", "S", "B"];

/** Of the guards that an action has: none, all, each one alone, and all but each one. */
function guardAssignments(definition: LomsWorkflow, machine: string, action: string) {
  const rows = definition.machines[machine as MachineName]?.rows.filter((row) => row.action === action) ?? [];
  const guards = [
    ...new Set(
      rows.flatMap((row) => (row.guard === undefined ? [] : [readCondition<GuardName>(row.guard).guard])),
    ),
  ];
  const single = guards.flatMap((one) => [
    (guard: GuardName) => guard === one,
    (guard: GuardName) => guard !== one,
  ]);
  return [() => false, ...(guards.length === 0 ? [] : [() => true]), ...(guards.length > 1 ? single : [])];
}

function orderStates(definition: LomsWorkflow): readonly string[] {
  return definition.machines.order?.states.map(({ code }) => code) ?? [];
}

/** What becomes of an action in a cell, under any guards. */
function outcomes(definition: LomsWorkflow, machine: string, { state, orderState, role, action }: Cell) {
  return guardAssignments(definition, machine, action).map((holds) => {
    const situation: Situation<LomsNames> = {
      machine: machine as MachineName,
      state,
      parentState: orderState,
      holds,
    };
    return decide(definition, situation, { role, action });
  });
}

interface Cell {
  readonly state: string;
  readonly orderState: string;
  readonly role: string;
  readonly action: string;
}

function matches(row: TableRow, { state, orderState, role, action }: Cell): boolean {
  return (
    row.action === action &&
    row.roles.includes(role) &&
    row.from.includes(state) &&
    (row.orderStates?.includes(orderState) ?? true)
  );
}

describe.each(cases)("$definition.name", ({ definition, tables, own }) => {
  test("has the machines of the tables", () => {
    expect(Object.keys(definition.machines).sort()).toEqual(Object.keys(tables).sort());
  });

  describe.each(Object.keys(tables))("%s", (machine) => {
    const theirs = readTable(tables[machine] ?? "");
    const all = [...theirs, ...readTable(own[machine] ?? "")];
    const actions = new Set([
      ...listMachines(definition).flatMap(([, { rows }]) => rows.map((row) => row.action)),
      ...cases.flatMap((other) => Object.values(other.tables).flatMap(readTable)).map((row) => row.action),
      "make payement",
    ]);

    test.each(theirs.map((row) => ({ row, name: `${row.roles} ${row.action}: ${row.from} -> ${row.to}` })))(
      "row $name",
      ({ row }) => {
        for (const state of row.from) {
          for (const orderState of row.orderStates ?? orderStates(definition)) {
            for (const role of row.roles) {
              const moves = outcomes(definition, machine, { state, orderState, role, action: row.action })
                .flatMap((decision) => (decision.kind === "move" ? [decision.row] : []))
                .filter(({ to }) => to === row.to);
              expect(moves.length, `${orderState} ${state} ${role}`).toBeGreaterThan(0);
              expectPostAction(definition, row, moves);
            }
          }
        }
      },
    );

    const states = definition.machines[machine as MachineName]?.states.map(({ code }) => code) ?? [];
    test.each(states.map((state) => ({ state })))("state $state: everything else is refused", ({ state }) => {
      const cells = (machine === "order" ? [""] : orderStates(definition)).flatMap((orderState) =>
        roles.flatMap((role) => [...actions].map((action) => ({ state, orderState, role, action }))),
      );
      expect(cells.length).toBeGreaterThan(100);
      expect(cells.flatMap((cell) => mistakesOf(definition, machine, cell, all))).toEqual([]);
    });
  });
});

/** In sentences, because there are a hundred thousand cells. */
function mistakesOf(
  definition: LomsWorkflow,
  machine: string,
  cell: Cell,
  rows: readonly TableRow[],
): readonly string[] {
  const decisions = outcomes(definition, machine, cell);
  const name = Object.values(cell).join(" / ");
  const expected = new Set(rows.filter((row) => matches(row, cell)).map(({ to }) => to));
  const found = new Set(decisions.flatMap((made) => (made.kind === "move" ? made.row.to : [])));
  if ([...expected].sort().join() !== [...found].sort().join()) {
    return [`${name} leads to "${[...found]}" and not to "${[...expected]}".`];
  }
  if (expected.size > 0) {
    return [];
  }
  const right = expectedReason(machine, cell, rows);
  const given = new Set(decisions.map((made) => (made.kind === "refused" ? reasonOf(made.refusal) : "none")));
  given.delete(right);
  return [...given].map((wrong) => `${name} is refused with ${wrong} and not with ${right}.`);
}

/** A refusal in one line; its text must say something. */
function reasonOf({ reason, machine, state, role, action, whoMay, text }: Refusal): string {
  return [reason, machine, state, role, action, whoMay.toSorted(), text.length > 20].join(" / ");
}

/** The nearest miss, and who could. */
function expectedReason(machine: string, cell: Cell, rows: readonly TableRow[]): string {
  const known = rows.filter((row) => row.action === cell.action);
  const here = known.filter((row) => roles.some((role) => matches(row, { ...cell, role })));
  const reason = known.length === 0 ? "UNKNOWN_ACTION" : here.length === 0 ? "WRONG_STATE" : "WRONG_ROLE";
  const whoMay = [...new Set(here.flatMap((row) => row.roles))].sort();
  return [reason, machine, cell.state, cell.role, cell.action, whoMay, true].join(" / ");
}

/** What Easy Order's post action did, the row does by its event, or by the timer of the state that it leads to. */
function expectPostAction(
  definition: LomsWorkflow,
  { postAction, to }: TableRow,
  rows: readonly { readonly event?: string; readonly opens?: string }[],
): void {
  const timer = timerOfPostAction[postAction];
  if (timer === undefined) {
    expect(postAction === "" || rows.every(({ event }) => event === postAction), postAction).toBe(true);
    return;
  }
  const states = rows.map(({ opens }) =>
    opens === undefined ? to : definition.machines[opens as MachineName]?.initial,
  );
  const timers = listMachines(definition).flatMap(([, machine]) => machine.timers);
  for (const state of states) {
    expect(timers.filter(({ name }) => name === timer).flatMap((found) => found.states)).toContain(state);
  }
}

test("a role that there is not may do nothing", () => {
  for (const { definition } of cases) {
    for (const [machine, { rows, states }] of listMachines(definition)) {
      for (const { code } of states) {
        for (const { action } of rows) {
          const decisions = outcomes(definition, machine, {
            state: code,
            orderState: "FS",
            role: "U",
            action,
          });
          expect(
            decisions.every((made) => made.kind === "refused" && made.refusal.reason === "UNKNOWN_ROLE"),
          ).toBe(true);
        }
      }
    }
  }
});

test("a definition that lost a row, or gave it to somebody else, or leads it elsewhere, is found out", () => {
  let tried = 0;
  for (const { definition, tables, own } of cases) {
    for (const [name, machine] of listMachines(definition)) {
      const expected = [tables[name], own[name]].flatMap((text) =>
        text === undefined ? [] : readTable(text),
      );
      for (const row of machine.rows) {
        // Rows that differ in their guards only are one in the tables.
        const isSame = (other: typeof row) =>
          other.action === row.action && other.to === row.to && other.from.join() === row.from.join();
        const changes = [
          machine.rows.filter((other) => !isSame(other)),
          machine.rows.map((other) => (isSame(other) ? { ...other, roles: ["S", "P"] as const } : other)),
          machine.rows.map((other) => (isSame(other) ? { ...other, to: "XX" } : other)),
          machine.rows.map((other) =>
            isSame(other) ? { ...other, from: [...other.from, "WA", "PFR"] } : other,
          ),
        ];
        for (const rows of changes) {
          const broken = {
            ...definition,
            machines: { ...definition.machines, [name]: { ...machine, rows } },
          };
          const cells = [...row.from, "WA", "PFR"].flatMap((state) =>
            roles.flatMap((role) =>
              (row.whileParent ?? ["FS"]).map((orderState) => ({
                state,
                orderState,
                role,
                action: row.action,
              })),
            ),
          );
          const mistakes = cells.flatMap((cell) => mistakesOf(broken, name, cell, expected));
          expect(mistakes.length, `${definition.name} ${name} ${row.action}`).toBeGreaterThan(0);
          tried += 1;
        }
      }
    }
  }
  expect(tried).toBeGreaterThan(300);
});
