import { isMet } from "@ordermesh/workflow/decide";
import type { Machine } from "@ordermesh/workflow/definition";
import type { TimerChange } from "./action-outcome.ts";
import type { LomsNames, MachineName } from "./names.ts";
import type { OrderSnapshot } from "./order-snapshot.ts";
import type { LomsWorkflow } from "./registry.ts";
import { situationOf } from "./subjects.ts";
import type { Extension } from "./take-action.ts";

/** A timer that runs while an order is as it is. */
export interface RunningTimer extends Omit<TimerChange, "change"> {
  /** It stands still. */
  readonly isHeld: boolean;
}

/** The timers that run for an order: those of its state, and of the states of its refunds. */
export function runningTimers(definition: LomsWorkflow, order: OrderSnapshot): readonly RunningTimer[] {
  const ofOrder = timersIn(definition, order, { machine: "order", state: order.state, step: order.since });
  const ofSheets = order.items.flatMap(({ sku, sheet }) =>
    sheet === undefined
      ? []
      : timersIn(definition, order, { machine: sheet.kind, state: sheet.state, step: sheet.since, sku }),
  );
  return [...ofOrder, ...ofSheets];
}

function timersIn(
  definition: LomsWorkflow,
  order: OrderSnapshot,
  subject: {
    readonly machine: MachineName;
    readonly state: string;
    readonly step: number;
    readonly sku?: number;
  },
): RunningTimer[] {
  const machine: Machine<LomsNames> | undefined = definition.machines[subject.machine];
  const timers = machine?.timers.filter(({ states }) => states.includes(subject.state)) ?? [];
  return timers.map(({ name, action, after, heldWhile }) => ({
    timer: name,
    machine: subject.machine,
    sku: subject.sku,
    action,
    duration: after,
    step: subject.step,
    isHeld:
      heldWhile !== undefined &&
      isMet<LomsNames>(situationOf(order, undefined, { part: "order", ...subject }), heldWhile),
  }));
}

/** What is to be done to timers when an order goes from one snapshot to the next. */
export function timerChanges(
  definition: LomsWorkflow,
  before: OrderSnapshot,
  after: OrderSnapshot,
  extensions: readonly Extension[],
): readonly TimerChange[] {
  const ran = runningTimers(definition, before);
  const run = runningTimers(definition, after);
  const stopped = ran.filter((timer) => find(run, timer) === undefined);
  const changed = run.flatMap((timer): TimerChange[] => {
    const earlier = find(ran, timer);
    const wasHeld = earlier?.isHeld ?? false;
    return [
      ...(earlier === undefined ? [changeOf("start", timer)] : []),
      ...(timer.isHeld === wasHeld ? [] : [changeOf(timer.isHeld ? "hold" : "resume", timer)]),
      ...extensions
        .filter((extension) => extension.timer === timer.timer && timer.machine === "order")
        .map(({ by }) => changeOf("extend", { ...timer, duration: by })),
    ];
  });
  return [...stopped.map((timer) => changeOf("stop", timer)), ...changed];
}

function find(timers: readonly RunningTimer[], { timer, machine, sku, step }: RunningTimer) {
  return timers.find(
    (other) => other.timer === timer && other.machine === machine && other.sku === sku && other.step === step,
  );
}

function changeOf(change: TimerChange["change"], { isHeld: _, ...timer }: RunningTimer): TimerChange {
  return { change, ...timer };
}
