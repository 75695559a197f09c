/**
 * A workflow is data: machines with their states, rows and timers. Guards and effects are names, which the program
 * that owns the workflow resolves; this library knows none of them.
 */

/** The words of one family of workflows, so that a misspelt one does not compile. */
export interface Names {
  readonly role: string;
  readonly guard: string;
  readonly effect: string;
  readonly event: string;
  readonly flag: string;
  readonly duration: string;
  readonly timer: string;
  readonly machine: string;
  /** Why a state was reached, where several ways lead there. */
  readonly reason: string;
}

/** What lets an action happen. */
export type Cause =
  /** A buyer or a seller asks for it. */
  | "request"
  /** Another system tells it: a payment has arrived. */
  | "input"
  /** A timer fires. */
  | "time"
  /** Somebody of the platform decides it. */
  | "manual"
  /** It follows by itself as soon as its guard holds. Not listed as an allowed action. */
  | "automatic";

/** A guard, or its opposite. */
export type Condition<Guard extends string> = Guard | `not ${Guard}`;

/** One row of a table: in these states, these roles may do this, and it leads there. */
export interface Row<N extends Names = Names> {
  readonly action: string;
  readonly roles: readonly N["role"][];
  readonly from: readonly string[];
  readonly to: string;
  readonly cause: Cause;
  /** The states of the parent machine in which the row applies; absent: in all. */
  readonly whileParent?: readonly string[];
  /** Absent: always. Rows for the same cell need guards that exclude each other. */
  readonly guard?: Condition<N["guard"]>;
  /** In this order. */
  readonly effects?: readonly N["effect"][];
  /** What is told when the row was taken. */
  readonly event?: N["event"];
  readonly reason?: N["reason"];
  /** The machine of which an instance begins, beside the one that moves. */
  readonly opens?: N["machine"];
  /** Flags belong to a state, as timers do: they are lowered when it is left. */
  readonly raises?: readonly N["flag"][];
  readonly lowers?: readonly N["flag"][];
  /** The timer of this state that fires later, and by how much. */
  readonly extends?: { readonly timer: N["timer"]; readonly by: N["duration"] };
  /** Set where the row moves, but not as the caller wanted: it is told that it was refused, for this reason. */
  readonly refusesWith?: string;
  /** Not listed as an allowed action. */
  readonly hidden?: boolean;
  /** It says the same as the parent's move beside it, so it is no step of the history. */
  readonly silent?: boolean;
}

export interface State {
  /** Short, unique in its machine; empty before the instance exists. */
  readonly code: string;
  /** For people. */
  readonly title: string;
  /** Nothing happens any more. */
  readonly final?: boolean;
}

/** Fires an action, as the platform, when an instance has been in a state for a while. It ends with that state. */
export interface Timer<N extends Names = Names> {
  readonly name: N["timer"];
  readonly states: readonly string[];
  readonly after: N["duration"];
  readonly action: string;
  /** While this holds, the timer stands still and keeps what is left of it. */
  readonly heldWhile?: Condition<N["guard"]>;
}

/** Where the money and the goods of a deal are, as far as the static checks follow them. */
export interface Balance {
  /** `with_buyer` before it was paid and after it was given back. */
  readonly money: "with_buyer" | "with_seller";
  /** `sent_back` once the buyer has let go of them. */
  readonly goods: "with_seller" | "with_buyer" | "sent_back";
}

export interface Machine<N extends Names = Names> {
  /** For people. */
  readonly title: string;
  /** The state in which an instance begins. */
  readonly initial: string;
  /** The machine whose state `whileParent` speaks of: the root. */
  readonly parent?: N["machine"];
  /** Where money and goods are when an instance begins. */
  readonly begins: Balance;
  readonly states: readonly State[];
  /** Automatic rows are tried in this order. */
  readonly rows: readonly Row<N>[];
  readonly timers: readonly Timer<N>[];
}

/** What a guard or an effect is about, for people and for the static checks. */
export interface Meaning {
  /** A guard: a clause that is true when it holds. An effect: a clause that says what is done. */
  readonly text: string;
  /** What an effect does to money and goods; of a guard: where they are if it holds. */
  readonly balance?: Partial<Balance>;
}

export interface WorkflowDefinition<N extends Names = Names> {
  readonly name: string;
  /** Orders pin it: a published version never changes. */
  readonly version: number;
  /** For people. */
  readonly title: string;
  /** Code → name, for people. */
  readonly roles: Readonly<Record<N["role"], string>>;
  /** The first one is the root. */
  readonly machines: Readonly<Partial<Record<N["machine"], Machine<N>>>>;
  /** Those that its rows and timers name. */
  readonly guards: Readonly<Partial<Record<N["guard"], Meaning>>>;
  readonly effects: Readonly<Partial<Record<N["effect"], Meaning>>>;
  /** Of each group, at most one guard holds at a time. */
  readonly exclusiveGuards?: readonly (readonly N["guard"][])[];
}

/**
 * One machine of a workflow.
 *
 * @throws Error for a name that the definition does not have, which is a mistake of the program.
 */
export function machineOf<N extends Names>(definition: WorkflowDefinition<N>, name: string): Machine<N> {
  const machine = definition.machines[name as N["machine"]];
  if (machine === undefined) {
    throw new Error(`The workflow ${definition.name}@${definition.version} has no machine "${name}".`);
  }
  return machine;
}

/** All machines with their names, the root first. */
export function listMachines<N extends Names>(
  definition: WorkflowDefinition<N>,
): readonly (readonly [string, Machine<N>])[] {
  return Object.keys(definition.machines).map((name) => [name, machineOf(definition, name)] as const);
}

/** The guard of a condition, and what it has to be. */
export function readCondition<Guard extends string>(
  condition: Condition<Guard>,
): { readonly guard: Guard; readonly expected: boolean } {
  return condition.startsWith("not ")
    ? { guard: condition.slice("not ".length) as Guard, expected: false }
    : { guard: condition as Guard, expected: true };
}
