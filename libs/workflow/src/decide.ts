import {
  type Condition,
  type Machine,
  machineOf,
  type Names,
  type Row,
  readCondition,
  type WorkflowDefinition,
} from "./definition.ts";

/** One instance of a machine, as it stands. */
export interface Situation<N extends Names = Names> {
  readonly machine: N["machine"];
  /** The code of its state. */
  readonly state: string;
  /** The state of the instance that it belongs to. */
  readonly parentState?: string;
  /** Whether a guard holds. Asked only for rows that would otherwise apply. */
  readonly holds: (guard: N["guard"]) => boolean;
}

/** Who wants what. */
export interface RoleAction {
  readonly role: string;
  readonly action: string;
}

/** Why an action is refused, from the farthest miss to the nearest. */
export const refusalReasons = [
  /** The workflow knows no such role. */
  "UNKNOWN_ROLE",
  /** No row of the machine has such an action. */
  "UNKNOWN_ACTION",
  /** Nobody may do it in this state, or while the parent is in its state. */
  "WRONG_STATE",
  /** Others may do it now. */
  "WRONG_ROLE",
  /** All fits but the guard. */
  "GUARD_REFUSED",
] as const;

export type RefusalReason = (typeof refusalReasons)[number];

export interface Refusal {
  readonly reason: RefusalReason;
  /** A sentence for people. */
  readonly text: string;
  readonly machine: string;
  readonly state: string;
  readonly role: string;
  readonly action: string;
  /** The condition that does not hold, if it is that: "refund_is_open", or "not refund_is_open". */
  readonly guard: string | undefined;
  /** The roles that may do it in this state, guards left aside. */
  readonly whoMay: readonly string[];
  /** The states in which the action exists, for whomever. */
  readonly possibleIn: readonly string[];
}

export type Decision<N extends Names = Names> =
  | { readonly kind: "move"; readonly row: Row<N> }
  | { readonly kind: "refused"; readonly refusal: Refusal };

/** What an action does to an instance: the row to be taken, or why there is none. */
export function decide<N extends Names>(
  definition: WorkflowDefinition<N>,
  situation: Situation<N>,
  request: RoleAction,
): Decision<N> {
  const machine = machineOf(definition, situation.machine);
  const row = machine.rows.find(
    (candidate) =>
      candidate.action === request.action &&
      candidate.roles.includes(request.role) &&
      fitsState(candidate, situation) &&
      isMet(situation, candidate.guard),
  );
  return row === undefined
    ? { kind: "refused", refusal: refuse(definition, machine, situation, request) }
    : { kind: "move", row };
}

/** Whether a row applies in the state of an instance and of its parent, whoever acts and whatever its guard says. */
export function fitsState<N extends Names>(
  row: Row<N>,
  situation: Pick<Situation<N>, "state" | "parentState">,
): boolean {
  return (
    row.from.includes(situation.state) &&
    (row.whileParent === undefined || row.whileParent.includes(situation.parentState ?? ""))
  );
}

/** Whether a condition holds in a situation; an absent one always does. */
export function isMet<N extends Names>(
  situation: Pick<Situation<N>, "holds">,
  condition: Condition<N["guard"]> | undefined,
): boolean {
  if (condition === undefined) {
    return true;
  }
  const { guard, expected } = readCondition<N["guard"]>(condition);
  return situation.holds(guard) === expected;
}

function refuse<N extends Names>(
  definition: WorkflowDefinition<N>,
  machine: Machine<N>,
  situation: Situation<N>,
  { role, action }: RoleAction,
): Refusal {
  const rows = machine.rows.filter((row) => row.action === action);
  const here = rows.filter((row) => fitsState(row, situation));
  const guarded = here.find((row) => row.roles.includes(role));
  const reason = ((): RefusalReason => {
    if (!Object.hasOwn(definition.roles, role)) {
      return "UNKNOWN_ROLE";
    }
    if (rows.length === 0) {
      return "UNKNOWN_ACTION";
    }
    if (here.length === 0) {
      return "WRONG_STATE";
    }
    return guarded === undefined ? "WRONG_ROLE" : "GUARD_REFUSED";
  })();
  const refusal = {
    reason,
    machine: situation.machine,
    state: situation.state,
    role,
    action,
    guard: reason === "GUARD_REFUSED" ? guarded?.guard : undefined,
    whoMay: [...new Set(here.flatMap((row) => row.roles))],
    possibleIn: [...new Set(rows.flatMap((row) => row.from))],
  };
  return { ...refusal, text: sentence(definition, machine, situation, refusal) };
}

function sentence<N extends Names>(
  definition: WorkflowDefinition<N>,
  machine: Machine<N>,
  situation: Situation<N>,
  { reason, role, action, guard, whoMay, possibleIn }: Omit<Refusal, "text">,
): string {
  const title = (code: string) => machine.states.find((state) => state.code === code)?.title ?? code;
  const roleNames = (codes: readonly string[]) =>
    codes.map((code) => definition.roles[code as N["role"]]).join(" or ");
  const now = `${machine.title} is "${title(situation.state)}"`;
  switch (reason) {
    case "UNKNOWN_ROLE":
      return `There is no role "${role}".`;
    case "UNKNOWN_ACTION":
      return `${machine.title} knows no action "${action}".`;
    case "WRONG_STATE":
      return possibleIn.includes(situation.state)
        ? `"${action}" does not fit where ${parentTitle(definition, machine)} stands.`
        : `${now}; "${action}" is possible when it is ${possibleIn.map((code) => `"${title(code)}"`).join(" or ")}.`;
    case "WRONG_ROLE":
      return `${now}; "${action}" is for the ${roleNames(whoMay)}, not for the ${roleNames([role])}.`;
    case "GUARD_REFUSED":
      return `${now}; "${action}" needs that ${conditionText(definition, guard ?? "")}.`;
  }
}

function parentTitle<N extends Names>(definition: WorkflowDefinition<N>, { parent }: Machine<N>): string {
  const title = parent === undefined ? "What it belongs to" : machineOf(definition, parent).title;
  return title.charAt(0).toLowerCase() + title.slice(1);
}

/** A condition as a clause: "a refund is open", "it is not so that a refund is open". */
export function conditionText<N extends Names>(definition: WorkflowDefinition<N>, condition: string): string {
  const { guard, expected } = readCondition<N["guard"]>(condition as Condition<N["guard"]>);
  const text = definition.guards[guard]?.text ?? guard;
  return expected ? text : `it is not so that ${text}`;
}
