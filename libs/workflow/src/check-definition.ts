import { checkBalance } from "./check-balance.ts";
import { checkNames } from "./check-names.ts";
import { fitsTogether, overlaps } from "./conditions.ts";
import { listMachines, type Machine, type Names, type Row, type WorkflowDefinition } from "./definition.ts";

export type FindingKind =
  /** A row, a timer or a machine speaks of something that is not there, or is there twice. */
  | "unknown_name"
  | "unreachable_state"
  /** No final state can be reached from it, or a final state is left. */
  | "dead_end"
  /** Two rows could be taken for one action. */
  | "ambiguous_rows"
  /** A timer runs in a state that does not know its action. */
  | "timer_without_action"
  /** A row waits for a timer that never runs. */
  | "action_without_timer"
  /** What follows by itself would follow for ever. */
  | "automatic_loop"
  /** An end in which the seller has the money and the buyer has no goods. */
  | "money_without_goods"
  /** An end in which the buyer has the goods and nobody ever paid. */
  | "goods_without_money";

export interface Finding {
  readonly kind: FindingKind;
  readonly machine: string;
  /** A sentence for people. */
  readonly text: string;
}

/** Looks for mistakes in a definition; empty if there are none. */
export function checkDefinition<N extends Names>(definition: WorkflowDefinition<N>): readonly Finding[] {
  const misnamed = checkNames(definition);
  if (misnamed.length > 0) {
    return misnamed;
  }
  return listMachines(definition).flatMap(([name, machine]) => [
    ...checkReachability(name, machine),
    ...checkAmbiguity(name, machine, definition.exclusiveGuards ?? []),
    ...checkTimers(name, machine),
    ...checkLoops(name, machine, definition.exclusiveGuards ?? []),
    ...checkBalance(definition, name, machine),
  ]);
}

function checkReachability(machineName: string, machine: Machine): Finding[] {
  const forward = closure([machine.initial], (code) => targets(machine, code));
  const finals = machine.states.filter(({ final }) => final === true).map(({ code }) => code);
  const backward = closure(finals, (code) =>
    machine.rows.filter((row) => row.to === code).flatMap((row) => row.from),
  );
  return machine.states.flatMap(({ code, final }): Finding[] => [
    ...(forward.has(code)
      ? []
      : [{ kind: "unreachable_state" as const, machine: machineName, text: `Nothing leads to "${code}".` }]),
    ...(backward.has(code)
      ? []
      : [{ kind: "dead_end" as const, machine: machineName, text: `From "${code}" no end can be reached.` }]),
    ...(final === true && targets(machine, code).length > 0
      ? [
          {
            kind: "dead_end" as const,
            machine: machineName,
            text: `"${code}" is said to be final, but is left.`,
          },
        ]
      : []),
  ]);
}

function targets(machine: Machine, code: string): string[] {
  return machine.rows.filter((row) => row.from.includes(code)).map((row) => row.to);
}

function closure(begin: readonly string[], next: (code: string) => readonly string[]): Set<string> {
  const found = new Set(begin);
  for (const code of found) {
    for (const neighbor of next(code)) {
      found.add(neighbor);
    }
  }
  return found;
}

function checkAmbiguity(
  machine: string,
  { rows }: Machine,
  exclusive: readonly (readonly string[])[],
): Finding[] {
  return rows.flatMap((row, index) =>
    rows
      .slice(index + 1)
      .filter((other) => isSameCell(row, other) && fitsTogether([row.guard, other.guard], exclusive))
      .map(
        (other): Finding => ({
          kind: "ambiguous_rows",
          machine,
          text: `"${row.action}" from "${row.from.filter((code) => other.from.includes(code))}" leads to "${row.to}" and to "${other.to}", and nothing tells when to which.`,
        }),
      ),
  );
}

function isSameCell(row: Row, other: Row): boolean {
  return (
    row.action === other.action &&
    overlaps(row.roles, other.roles) &&
    overlaps(row.from, other.from) &&
    (row.whileParent === undefined ||
      other.whileParent === undefined ||
      overlaps(row.whileParent, other.whileParent))
  );
}

function checkTimers(machineName: string, { rows, timers }: Machine): Finding[] {
  const idle = timers.flatMap((timer) =>
    timer.states
      .filter(
        (code) =>
          !rows.some((row) => row.action === timer.action && row.cause === "time" && row.from.includes(code)),
      )
      .map(
        (code): Finding => ({
          kind: "timer_without_action",
          machine: machineName,
          text: `The timer ${timer.name} runs in "${code}", where no timer can do "${timer.action}".`,
        }),
      ),
  );
  const waiting = rows
    .filter((row) => row.cause === "time")
    .flatMap((row) =>
      row.from
        .filter(
          (code) => !timers.some(({ action, states }) => action === row.action && states.includes(code)),
        )
        .map(
          (code): Finding => ({
            kind: "action_without_timer",
            machine: machineName,
            text: `"${row.action}" in "${code}" waits for a timer, but none runs.`,
          }),
        ),
    );
  return [...idle, ...waiting];
}

/** Circles of automatic rows whose guards can all hold at once: nothing would ever end them. */
function checkLoops(
  machine: string,
  { rows }: Machine,
  exclusive: readonly (readonly string[])[],
): Finding[] {
  const automatic = rows.filter((row) => row.cause === "automatic");
  const walk = (start: string, path: readonly Row[]): Finding[] => {
    const last = path.at(-1);
    if (last !== undefined && last.to === start) {
      const circle = path.map((row) => `"${row.action}"`).join(", ");
      return [
        { kind: "automatic_loop", machine, text: `${circle} follow one another for ever from "${start}".` },
      ];
    }
    const next = automatic.filter(
      (row) =>
        row.from.includes(last?.to ?? start) &&
        !path.includes(row) &&
        fitsTogether(
          [...path, row].map(({ guard }) => guard),
          exclusive,
        ),
    );
    return next.flatMap((row) => walk(start, [...path, row]));
  };
  return [...new Set(automatic.flatMap((row) => row.from))].flatMap((start) => walk(start, []));
}
