import type { Finding } from "./check-definition.ts";
import {
  listMachines,
  type Machine,
  type Names,
  readCondition,
  type WorkflowDefinition,
} from "./definition.ts";

/** Names that stand for nothing, and codes that stand for two things. */
export function checkNames<N extends Names>(definition: WorkflowDefinition<N>): Finding[] {
  return listMachines(definition).flatMap(([name, machine]) =>
    [...namesIn(definition, name, machine)].map((text) => ({ kind: "unknown_name", machine: name, text })),
  );
}

function* namesIn(definition: WorkflowDefinition, name: string, machine: Machine): Generator<string> {
  const codes = machine.states.map(({ code }) => code);
  const parentCodes = stateCodes(definition, machine.parent);
  const missing = (what: string, names: readonly string[], known: readonly string[]) =>
    names.filter((word) => !known.includes(word)).map((word) => `${what} "${word}" is not there.`);
  const guard = (condition: string | undefined) =>
    condition === undefined
      ? []
      : missing("The guard", [readCondition(condition).guard], Object.keys(definition.guards));

  yield* codes
    .filter((code, index) => codes.indexOf(code) < index)
    .map((code) => `There are two states "${code}".`);
  yield* missing("The initial state", [machine.initial], codes);
  yield* missing(
    "The parent",
    machine.parent === undefined ? [] : [machine.parent],
    Object.keys(definition.machines).slice(0, 1),
  );
  for (const row of machine.rows) {
    yield* missing(`"${row.action}": the state`, [...row.from, row.to], codes);
    yield* missing(`"${row.action}": the role`, row.roles, Object.keys(definition.roles));
    yield* missing(`"${row.action}": the parent's state`, row.whileParent ?? [], parentCodes);
    yield* missing(`"${row.action}": the effect`, row.effects ?? [], Object.keys(definition.effects));
    yield* missing(
      `"${row.action}": the machine`,
      row.opens === undefined ? [] : [row.opens],
      machineNames(definition, name),
    );
    yield* guard(row.guard);
    if (row.extends !== undefined) {
      const running = machine.timers.filter(({ states }) => row.from.every((code) => states.includes(code)));
      yield* missing(
        `"${row.action}": the timer`,
        [row.extends.timer],
        running.map((timer) => timer.name),
      );
    }
  }
  for (const timer of machine.timers) {
    yield* missing(`The timer ${timer.name}: the state`, timer.states, codes);
    yield* guard(timer.heldWhile);
  }
}

function machineNames(definition: WorkflowDefinition, except: string): string[] {
  return Object.keys(definition.machines).filter((name) => name !== except);
}

function stateCodes(definition: WorkflowDefinition, machine: string | undefined): string[] {
  return machine === undefined ? [] : (definition.machines[machine]?.states.map(({ code }) => code) ?? []);
}
