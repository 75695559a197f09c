import { fitsState } from "./decide.ts";
import { type Machine, machineOf, type Names, type Row, type WorkflowDefinition } from "./definition.ts";

/** Where one instance stood after a move. */
export interface InstanceState {
  readonly machine: string;
  /** Which instance, in whatever words tell them apart; empty for the only one of its machine. */
  readonly subject: string;
  readonly state: string;
}

/** One recorded move. */
export interface HistoryEntry {
  /** Counts 1, 2, 3 …, over all instances of the order. */
  readonly version: number;
  /** Absent in histories from before actions were recorded, where it is enough that some row leads there. */
  readonly action?: string;
  readonly role?: string;
  /** Where those instances that the move was about stood after it; those that are left out did not move. */
  readonly after: readonly InstanceState[];
}

export interface ReplayStep {
  readonly version: number;
  /** All instances that exist after it, by subject. */
  readonly states: ReadonlyMap<string, InstanceState>;
}

export interface ReplayProblem {
  readonly version: number;
  /** A sentence for people. */
  readonly text: string;
}

export interface Replay {
  /** One for each entry: the order can be looked at as it was at any version. */
  readonly steps: readonly ReplayStep[];
  /** What the definition does not allow; empty for a history that it explains. */
  readonly problems: readonly ReplayProblem[];
}

type States = Map<string, InstanceState>;

/**
 * Goes through a history from the beginning and checks each entry against the definition. Guards are not asked: what
 * they looked at is gone. After an entry that does not fit, it goes on from where that entry says it led.
 */
export function replay<N extends Names>(
  definition: WorkflowDefinition<N>,
  history: readonly HistoryEntry[],
): Replay {
  const states: States = new Map();
  const rootStates: string[] = [];
  const steps: ReplayStep[] = [];
  const problems: ReplayProblem[] = [];
  for (const [index, entry] of history.entries()) {
    const texts = [
      ...(entry.version === index + 1 ? [] : [`Here version ${index + 1} is expected.`]),
      ...checkEntry(definition, states, rootStates, entry),
    ];
    problems.push(...texts.map((text) => ({ version: entry.version, text })));
    for (const instance of entry.after) {
      states.set(instance.subject, instance);
      if (instance.machine === rootOf(definition)) {
        rootStates.push(instance.state);
      }
    }
    steps.push({ version: entry.version, states: new Map(states) });
  }
  return { steps, problems };
}

function rootOf<N extends Names>(definition: WorkflowDefinition<N>): string | undefined {
  return Object.keys(definition.machines)[0];
}

/** What is wrong with one entry, in sentences. */
function checkEntry<N extends Names>(
  definition: WorkflowDefinition<N>,
  states: States,
  rootStates: readonly string[],
  entry: HistoryEntry,
): string[] {
  const unknown = entry.after.filter(({ machine }) => !Object.hasOwn(definition.machines, machine));
  if (unknown.length > 0) {
    return unknown.map(({ machine }) => `There is no machine "${machine}".`);
  }
  const instances = entry.after.map((instance) => {
    const earlier = states.get(instance.subject)?.state;
    const from = earlier ?? firstState(machineOf(definition, instance.machine), rootStates);
    const taken = rowsTaken(definition, rootStates.at(-1), instance, from, entry);
    return { instance, from, isNew: earlier === undefined, taken };
  });
  const opened = new Set(instances.flatMap(({ taken }) => taken.flatMap((row) => row.opens ?? [])));
  const isBirth = entry.action === undefined && entry.version === 1;
  const lost = instances.filter(({ instance, from, isNew, taken }) => {
    const stays = from === instance.state && (!isNew || isBirth || opened.has(instance.machine));
    return taken.length === 0 && !stays;
  });
  if (lost.length > 0) {
    return lost.map(
      ({ instance, from }) =>
        `${nameOf(instance)} can not get from "${from}" to "${instance.state}"${by(entry)}.`,
    );
  }
  const moved = instances.some(({ taken }) => taken.length > 0);
  return moved || isBirth ? [] : [`Nothing moves${by(entry)}.`];
}

/** Where an instance stands that no entry has named yet: its silent rows were taken as the root went its way. */
function firstState<N extends Names>({ initial, rows }: Machine<N>, rootStates: readonly string[]): string {
  const silent = rows.filter((row) => row.silent === true);
  return rootStates.reduce(
    (state, parentState) => silent.find((row) => fitsState(row, { state, parentState }))?.to ?? state,
    initial,
  );
}

/** The rows that lead from one state to the other, as the root stood before the entry. */
function rowsTaken<N extends Names>(
  definition: WorkflowDefinition<N>,
  parentState: string | undefined,
  { machine, state }: InstanceState,
  from: string,
  { action, role }: HistoryEntry,
): readonly Row<N>[] {
  return machineOf(definition, machine).rows.filter(
    (row) =>
      row.to === state &&
      fitsState(row, { state: from, parentState }) &&
      (action === undefined || row.action === action) &&
      (role === undefined || row.roles.includes(role)),
  );
}

function by({ action, role }: HistoryEntry): string {
  return action === undefined ? "" : ` by "${action}"${role === undefined ? "" : ` of ${role}`}`;
}

function nameOf({ machine, subject }: InstanceState): string {
  return subject === "" ? machine : `${machine} ${subject}`;
}
