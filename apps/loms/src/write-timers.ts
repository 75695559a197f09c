import type { Tx } from "@ordermesh/postgres/tx";
import type { OrderInHand } from "./domain/order-in-hand.ts";
import {
  deleteTimers,
  extendTimers,
  holdTimers,
  insertTimers,
  resumeTimers,
  type TimerName,
} from "./sql/timers.ts";
import type { TimerChange } from "./workflows/action-outcome.ts";
import type { Durations } from "./workflows/durations.ts";
import type { DurationName } from "./workflows/names.ts";

/** What a batch makes of one timer, all its changes taken together. */
interface TimerInHand extends TimerName {
  /** Set if this batch starts it: how long it waits. */
  startedAt: Date | undefined;
  isStopped: boolean;
  /** Undefined: as it was. */
  isHeld: boolean | undefined;
  byMs: number;
}

/**
 * Writes what became of timers, under the lock of their orders. Payment deadlines are left alone when their order is
 * paid: they are over within minutes, and do nothing then.
 */
export function writeTimers(
  tx: Tx,
  orders: readonly OrderInHand[],
  changedAt: Date,
  durations: Durations,
): void {
  const timers = orders.flatMap((order) => timersOf(order, changedAt, durations));
  const stored = timers.filter(({ startedAt }) => startedAt === undefined);
  const started = timers.filter(({ startedAt, isStopped }) => startedAt !== undefined && !isStopped);
  deleteTimers(
    tx,
    stored.filter(({ isStopped }) => isStopped),
  );
  insertTimers(
    tx,
    started.map(({ subjectId, kind, sku, step, startedAt, byMs }) => ({
      subjectId,
      kind,
      sku,
      step,
      dueAt: new Date((startedAt ?? changedAt).getTime() + byMs),
    })),
  );
  const running = stored.filter(({ isStopped }) => !isStopped);
  extendTimers(
    tx,
    running.filter(({ byMs }) => byMs > 0),
  );
  holdTimers(
    tx,
    [...running, ...started].filter(({ isHeld }) => isHeld === true),
  );
  resumeTimers(
    tx,
    running.filter(({ isHeld }) => isHeld === false),
  );
}

function timersOf(order: OrderInHand, changedAt: Date, durations: Durations): TimerInHand[] {
  const timers = new Map<string, TimerInHand>();
  for (const change of order.timers) {
    const { timer: kind, sku = 0, step } = change;
    const name = `${kind}/${sku}/${step}`;
    const timer = timers.get(name) ?? {
      subjectId: order.head.id,
      kind,
      sku,
      step,
      startedAt: undefined,
      isStopped: false,
      isHeld: undefined,
      byMs: 0,
    };
    timers.set(name, timer);
    applyChange(timer, change, order, changedAt, durations);
  }
  return [...timers.values()].filter(({ kind }) => kind !== "payment_deadline");
}

function applyChange(
  timer: TimerInHand,
  { change, duration }: TimerChange,
  order: OrderInHand,
  changedAt: Date,
  durations: Durations,
): void {
  switch (change) {
    case "start":
      timer.startedAt = dueAt(duration, order, changedAt, durations);
      return;
    case "stop":
      timer.isStopped = true;
      return;
    case "hold":
    case "resume":
      timer.isHeld = change === "hold";
      return;
    case "extend":
      timer.byMs += durationMs(duration, durations);
      return;
  }
}

function dueAt(duration: DurationName, { before }: OrderInHand, changedAt: Date, durations: Durations): Date {
  switch (duration) {
    case "payment_window":
      return before.head.paymentDueAt ?? changedAt;
    case "voucher_validity":
      return before.voucher?.validUntil ?? changedAt;
    default:
      return new Date(changedAt.getTime() + durations[duration]);
  }
}

function durationMs(duration: DurationName, durations: Durations): number {
  if (duration === "payment_window" || duration === "voucher_validity") {
    throw new Error(`Nothing is put off by ${duration}: it ends when the order says so.`);
  }
  return durations[duration];
}
