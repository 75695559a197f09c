import type { Queryable } from "@ordermesh/postgres/tx";
import { type OrderStep, workflowActor } from "./domain/order-step.ts";
import { type StoredOrder, snapshotOf, workflowOf } from "./domain/stored-order.ts";
import { findSteps } from "./sql/order-history.ts";
import { findTimersOf, type TimerName, type WaitingTimer } from "./sql/timers.ts";
import { runningTimers } from "./workflows/timer-changes.ts";

/** More than follows from any action at once, but for an order with very many refunds. */
const stepsOfResultMax = 100;

/** The steps of an action that led to a version: what was asked for, and what followed. */
export async function findResultOf(db: Queryable, orderId: bigint, version: number): Promise<OrderStep[]> {
  const range = { after: Math.max(0, version - stepsOfResultMax), last: version, countMax: stepsOfResultMax };
  const steps = await findSteps(db, orderId, range);
  const first = steps.findLastIndex(({ actor }) => actor !== workflowActor);
  return steps.slice(Math.max(0, first));
}

/** Whether the step that started a timer still lasts. */
export function isLive(order: StoredOrder, { kind, sku, step }: TimerName): boolean {
  return runningTimers(workflowOf(order.head), snapshotOf(order)).some(
    (timer) => timer.timer === kind && (timer.sku ?? 0) === sku && timer.step === step,
  );
}

/** All timers of an order that wait, the next to fire first. The payment deadline is in the order itself. */
export async function findWaitingTimers(db: Queryable, order: StoredOrder): Promise<WaitingTimer[]> {
  const { id, status, step, paymentDueAt } = order.head;
  const stored = await findTimersOf(db, id);
  return status === "awaiting_payment" && paymentDueAt !== undefined
    ? [{ subjectId: id, kind: "payment_deadline", sku: 0, step, dueAt: paymentDueAt }, ...stored]
    : stored;
}

/**
 * When a timer next changes where an order, or one of its items, stands: until then an action stays allowed or refused, if
 * nobody does anything. Undefined: for ever.
 *
 * @param sku 0: the order as a whole.
 */
export async function explainedUntil(
  db: Queryable,
  order: StoredOrder,
  sku: number,
): Promise<Date | undefined> {
  const timers = await findWaitingTimers(db, order);
  return timers.find((timer) => timer.sku === sku && isLive(order, timer))?.dueAt;
}
