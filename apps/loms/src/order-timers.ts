import { Failure } from "@ordermesh/failure/failure";
import type { Queryable, Tx } from "@ordermesh/postgres/tx";
import { listMachines } from "@ordermesh/workflow/definition";
import { orderNotFound } from "./domain/change-failures.ts";
import { type StoredOrder, workflowOf } from "./domain/stored-order.ts";
import { findStoredOrders } from "./load-orders.ts";
import { findWaitingTimers, isLive } from "./order-actions.ts";
import { lockOrders } from "./sql/orders.ts";
import { insertTimerSkip } from "./sql/timer-skips.ts";
import { deleteTimers, listTimers, type TimerPosition, type WaitingTimer } from "./sql/timers.ts";
import { type TimerName, timerNames } from "./workflows/names.ts";

/** A timer, and what it would do. */
export interface ShownTimer extends WaitingTimer {
  /** What the platform does when it fires. */
  readonly action: string;
  /** False if its step is over: then it does nothing. */
  readonly isLive: boolean;
}

/** @throws Failure `invalid_argument` for a name that no timer has. */
export function timerKinds(names: readonly string[]): readonly TimerName[] {
  const unknown = names.find((name) => !isTimerName(name));
  if (unknown !== undefined) {
    throw new Failure(
      "invalid_argument",
      `There is no timer "${unknown}". There are ${timerNames.join(", ")}.`,
      {
        reason: "UNKNOWN_TIMER",
        fieldViolations: [{ field: "timers", description: `names "${unknown}", which there is not` }],
      },
    );
  }
  return names.length === 0 ? timerNames : names.filter(isTimerName);
}

function isTimerName(name: string): name is TimerName {
  return (timerNames as readonly string[]).includes(name);
}

/** One page of the timers of one order, or of all. */
export async function showTimers(
  db: Queryable,
  { orderId, kinds }: { readonly orderId: bigint; readonly kinds: readonly TimerName[] },
  after: TimerPosition | undefined,
  pageSize: number,
): Promise<{ readonly timers: readonly ShownTimer[]; readonly next: TimerPosition | undefined }> {
  if (orderId !== 0n) {
    const order = await findOrder(db, orderId);
    const timers = await findWaitingTimers(db, order);
    const wanted = timers.filter(({ kind }) => (kinds as readonly string[]).includes(kind));
    // An order has few: they are one page.
    return { timers: wanted.map((timer) => shown(order, timer)), next: undefined };
  }
  const found = await listTimers(db, kinds, after, pageSize + 1);
  const page = found.slice(0, pageSize);
  const orders = await findStoredOrders(db, [...new Set(page.map(({ subjectId }) => subjectId))]);
  const byId = new Map(orders.map((order) => [order.head.id, order]));
  return {
    timers: page.flatMap((timer) => {
      const order = byId.get(timer.subjectId);
      return order === undefined ? [] : [shown(order, timer)];
    }),
    next: found.length > pageSize ? page.at(-1)?.position : undefined,
  };
}

function shown(order: StoredOrder, { subjectId, kind, sku, step, dueAt }: WaitingTimer): ShownTimer {
  const timer = { subjectId, kind, sku, step, dueAt };
  const action = listMachines(workflowOf(order.head))
    .flatMap(([, { timers }]) => timers)
    .find(({ name }) => name === kind)?.action;
  return { ...timer, action: action ?? "", isLive: isLive(order, timer) };
}

/** Which timer somebody means. */
interface WantedTimer {
  readonly orderId: bigint;
  readonly kind: string;
  /** 0: the order as a whole. */
  readonly sku: number;
}

/**
 * The timer of a name that an order has now: of several, the one whose step lasts.
 *
 * @throws Failure `not_found` if it has none.
 */
export async function findTimer(db: Queryable, wanted: WantedTimer): Promise<ShownTimer> {
  const order = await findOrder(db, wanted.orderId);
  const timers = (await findWaitingTimers(db, order))
    .filter(({ kind, sku }) => kind === wanted.kind && sku === wanted.sku)
    .map((timer) => shown(order, timer));
  const found = timers.find((timer) => timer.isLive) ?? timers[0];
  if (found === undefined) {
    const item = wanted.sku === 0 ? "" : ` for the item ${wanted.sku}`;
    throw new Failure("not_found", `Order ${wanted.orderId} has no timer "${wanted.kind}"${item}.`, {
      reason: "TIMER_NOT_FOUND",
      metadata: { order_id: `${wanted.orderId}` },
    });
  }
  return found;
}

/**
 * Takes a timer away for good, and keeps who wanted that.
 *
 * @throws Failure `not_found` if there is none; `failed_precondition` for a payment deadline, without which an order could
 * hold stock for ever.
 */
export async function skipTimer(
  tx: Tx,
  wanted: WantedTimer,
  { actor, reason }: { readonly actor: string; readonly reason: string },
): Promise<ShownTimer> {
  await lockOrders(tx, [wanted.orderId]);
  const timer = await findTimer(tx, wanted);
  if (timer.kind === "payment_deadline") {
    throw new Failure(
      "failed_precondition",
      "A payment deadline can not be skipped: the order holds stock until it ends. Cancel the order, or run the timer.",
      { reason: "TIMER_NOT_SKIPPABLE", metadata: { order_id: `${wanted.orderId}` } },
    );
  }
  deleteTimers(tx, [timer]);
  insertTimerSkip(tx, { ...timer, actor, reason });
  return timer;
}

async function findOrder(db: Queryable, orderId: bigint): Promise<StoredOrder> {
  const [order] = await findStoredOrders(db, [orderId]);
  if (order === undefined) {
    throw orderNotFound(orderId);
  }
  return order;
}
