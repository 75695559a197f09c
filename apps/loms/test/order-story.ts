import type {
  ActionRefusal,
  ActionRequest,
  AppliedAction,
  Move,
  TimerChange,
} from "../src/workflows/action-outcome.ts";
import { applyAction, settle } from "../src/workflows/apply-action.ts";
import { listActions } from "../src/workflows/list-actions.ts";
import type { Role, TimerName } from "../src/workflows/names.ts";
import type { ItemSnapshot, OrderSnapshot, SheetSnapshot } from "../src/workflows/order-snapshot.ts";
import { refundableOfOrder } from "../src/workflows/refundable.ts";
import type { LomsWorkflow } from "../src/workflows/registry.ts";
import { runningTimers } from "../src/workflows/timer-changes.ts";

/** An order's life, told step by step, without a database. */
export interface Story {
  readonly definition: LomsWorkflow;
  readonly order: OrderSnapshot;
  readonly moves: readonly Move[];
  /** Those that would be in the table of timers, as the changes say. */
  readonly timers: readonly StoryTimer[];
  /** Does it, or throws with the refusal. */
  act(role: Role, action: string, options?: Omit<ActionRequest, "role" | "action">): AppliedAction;
  /** Tries it, and throws if it is not refused. */
  refuse(role: Role, action: string, options?: Omit<ActionRequest, "role" | "action">): ActionRefusal;
  /** Fires a timer that runs, or throws. */
  fire(timer: TimerName, sku?: number): AppliedAction;
  /** Changes what the workflow does not: a voucher's codes. What follows by itself follows. */
  change(order: OrderSnapshot): void;
  /** What a role may do: "ship the order", and of items "request refund 1". */
  allowed(role: Role): readonly string[];
  item(sku: number): ItemSnapshot;
  sheet(sku: number): SheetSnapshot;
  /** In short: "FS 1:WR/WSR 2:FP". */
  readonly state: string;
}

export interface StoryTimer extends Omit<TimerChange, "change"> {
  readonly isHeld: boolean;
  readonly extensions: number;
}

export interface StoryLine {
  readonly sku: number;
  readonly lineTotalMinor: number;
  readonly voucher?: ItemSnapshot["voucher"];
}

/** An order that is to be created by the first action. */
export function unborn(lines: readonly StoryLine[]): OrderSnapshot {
  return {
    state: "",
    since: 1,
    version: 1,
    flags: [],
    capturedMinor: 0,
    items: lines.map((line) => ({ ...line, state: "" })),
    facts: { stockIsReserved: true, paymentIsInTime: true },
  };
}

export function beginStory(definition: LomsWorkflow, begin: OrderSnapshot): Story {
  let order = begin;
  let timers: readonly StoryTimer[] = [];
  const fired: StoryTimer[] = [];
  const moves: Move[] = [];

  function write(applied: AppliedAction): AppliedAction {
    checkApplied(order, applied);
    order = applied.order;
    moves.push(...applied.moves);
    timers = applied.timers.reduce(changeTimers, timers);
    checkTimers(definition, order, timers, fired);
    return applied;
  }
  function request(role: Role, action: string, options: Omit<ActionRequest, "role" | "action"> = {}) {
    const before = JSON.stringify(order);
    const outcome = applyAction(definition, order, { role, action, ...options });
    if (JSON.stringify(order) !== before) {
      throw new Error(`"${action}" changed the snapshot that it was given.`);
    }
    return outcome;
  }
  function act(role: Role, action: string, options?: Omit<ActionRequest, "role" | "action">) {
    const outcome = request(role, action, options);
    if (outcome.kind === "refused") {
      throw new Error(`${role} "${action}" is refused: ${outcome.refusal.text}`);
    }
    return write(outcome);
  }
  function itemOf(sku: number): ItemSnapshot {
    const item = order.items.find((candidate) => candidate.sku === sku);
    if (item === undefined) {
      throw new Error(`There is no item ${sku}.`);
    }
    return item;
  }
  return {
    definition,
    get order() {
      return order;
    },
    get moves() {
      return moves;
    },
    get timers() {
      return timers;
    },
    act,
    refuse(role, action, options) {
      const outcome = request(role, action, options);
      if (outcome.kind !== "refused") {
        throw new Error(`${role} "${action}" should be refused in ${order.state}.`);
      }
      return outcome.refusal;
    },
    fire(name, sku) {
      const timer = timers.find((running) => running.timer === name && running.sku === sku);
      if (timer === undefined) {
        throw new Error(`The timer ${name} does not run in ${order.state}.`);
      }
      timers = timers.filter((running) => running !== timer);
      fired.push(timer);
      return act("P", timer.action, { sku });
    },
    change(changed) {
      order = changed;
      const applied = settle(definition, order);
      if (applied !== undefined) {
        write(applied);
      }
    },
    allowed(role) {
      const { actions, items } = listActions(definition, order, role);
      return [...actions, ...items.flatMap((item) => item.actions.map((action) => `${action} ${item.sku}`))];
    },
    item: itemOf,
    sheet(sku) {
      const { sheet } = itemOf(sku);
      if (sheet === undefined) {
        throw new Error(`The item ${sku} has no refund.`);
      }
      return sheet;
    },
    get state() {
      const items = order.items.map(
        ({ sku, state, sheet }) => `${sku}:${[state, sheet?.state ?? []].flat().join("/")}`,
      );
      return [order.state, ...items].join(" ");
    },
  };
}

function changeTimers(
  timers: readonly StoryTimer[],
  { change, ...timer }: TimerChange,
): readonly StoryTimer[] {
  const isSame = (other: StoryTimer) =>
    other.timer === timer.timer && other.sku === timer.sku && other.step === timer.step;
  switch (change) {
    case "start":
      return [...timers, { ...timer, isHeld: false, extensions: 0 }];
    case "stop":
      return timers.filter((other) => !isSame(other));
    case "hold":
    case "resume":
      return timers.map((other) => (isSame(other) ? { ...other, isHeld: change === "hold" } : other));
    case "extend":
      return timers.map((other) => (isSame(other) ? { ...other, extensions: other.extensions + 1 } : other));
  }
}

/** What holds after every action, whatever it was. */
function checkApplied(before: OrderSnapshot, { order, moves }: AppliedAction): void {
  const versions = moves.map(({ version }) => version);
  const expected = moves.map((_, index) => before.version + 1 + index);
  if (moves.length === 0 || versions.join() !== expected.join() || order.version !== versions.at(-1)) {
    throw new Error(`Versions ${versions} after ${before.version} led to ${order.version}.`);
  }
  const refunds = order.items.flatMap(({ sheet, lineTotalMinor }) =>
    sheet !== undefined && !["CCR", "PCR", "SCR"].includes(sheet.state) ? [{ sheet, lineTotalMinor }] : [],
  );
  const claimed = refunds.reduce((sum, { sheet }) => sum + sheet.amountMinor, 0);
  if (
    claimed > order.capturedMinor ||
    refunds.some(({ sheet, lineTotalMinor }) => sheet.amountMinor > lineTotalMinor)
  ) {
    throw new Error(`${claimed} of ${order.capturedMinor} is to go back, or an item's more than it cost.`);
  }
  if (refundableOfOrder(order) !== order.capturedMinor - claimed) {
    throw new Error("What is left to refund does not add up.");
  }
}

/** The changes of timers come to the same as what the state says has to run, but for those that have fired. */
function checkTimers(
  definition: LomsWorkflow,
  order: OrderSnapshot,
  timers: readonly StoryTimer[],
  fired: readonly StoryTimer[],
): void {
  const name = ({ timer, sku, step }: Pick<StoryTimer, "timer" | "sku" | "step">) =>
    `${timer} ${sku} ${step}`;
  const isGone = new Set(fired.map(name));
  const due = runningTimers(definition, order).filter((timer) => !isGone.has(name(timer)));
  const text = (timer: Pick<StoryTimer, "timer" | "sku" | "step" | "isHeld">) =>
    `${name(timer)} ${timer.isHeld}`;
  if (due.map(text).sort().join("; ") !== timers.map(text).sort().join("; ")) {
    throw new Error(`In ${order.state} run ${timers.map(text)}; there should be ${due.map(text)}.`);
  }
}
