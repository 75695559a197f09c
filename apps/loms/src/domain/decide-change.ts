import type { Failure } from "@ordermesh/failure/failure";
import type { ActionOutcome, ActionRefusal, ActionRequest } from "../workflows/action-outcome.ts";
import { applyAction, settle } from "../workflows/apply-action.ts";
import { runningTimers } from "../workflows/timer-changes.ts";
import { fitsOrder } from "./acting-roles.ts";
import {
  actionFailure,
  commandFailure,
  heldByTables,
  orderNotFound,
  versionMismatch,
} from "./change-failures.ts";
import { parameterFailure } from "./check-parameters.ts";
import type { ActionChange, OrderChange, RefundAnswer, TimerFiring } from "./order-change.ts";
import { type OrderCommand, takeCommand } from "./order-command.ts";
import { type ActionContext, applyOutcome, type OrderInHand } from "./order-in-hand.ts";
import { workflowOf } from "./stored-order.ts";

/** What a change came to. Moves are in the order in hand. */
export type ChangeDecision =
  | { readonly kind: "done"; readonly changed: boolean }
  | { readonly kind: "refused"; readonly failure: Failure };

const unchanged: ChangeDecision = { kind: "done", changed: false };
const changed: ChangeDecision = { kind: "done", changed: true };

/**
 * Applies one change to an order in hand. A command, a timer or an answer that finds its work done succeeds and changes
 * nothing; an action that is not allowed is refused, and nothing is changed either.
 */
export function decideChange(
  change: OrderChange,
  order: OrderInHand | undefined,
  changedAt: Date,
): ChangeDecision {
  const isHidden = change.onlyAtTables === true && order?.head.workflow.name !== "table";
  if (order === undefined || isHidden || !isVisible(order.head, change.limitedToUserId)) {
    return { kind: "refused", failure: orderNotFound(change.orderId) };
  }
  const context: ActionContext = {
    actor: change.actor ?? "system",
    parameters: {},
    traceparent: change.traceparent,
    changedAt,
  };
  switch (change.command) {
    case "act":
      return act(change, order, { ...context, parameters: change.parameters });
    case "fire":
      return fire(change, order, context);
    case "settle": {
      const outcome = settle(workflowOf(order.head), order.snapshot);
      if (outcome !== undefined) {
        applyOutcome(order, outcome, context);
      }
      return outcome === undefined ? unchanged : changed;
    }
    case "refunded":
    case "refund failed":
      return hearOfRefund(change, order, context);
    case "refunded elsewhere":
      order.fulfillment = {
        ...order.fulfillment,
        refundedElsewhereMinor: order.fulfillment.refundedElsewhereMinor + change.amountMinor,
      };
      return unchanged;
    default:
      return obey(change.command, order, context);
  }
}

/** Whether a caller who is limited to one user's orders, or is not, may know of this one. */
export function isVisible(
  { userId }: { readonly userId: bigint },
  limitedToUserId: bigint | undefined,
): boolean {
  return limitedToUserId === undefined || limitedToUserId === userId;
}

function obey(command: OrderCommand, order: OrderInHand, context: ActionContext): ChangeDecision {
  const result = takeCommand(workflowOf(order.head), order.snapshot, command);
  switch (result.kind) {
    case "unchanged":
      return unchanged;
    case "refused":
      return { kind: "refused", failure: commandFailure(order.head.id, command, result.reason) };
    case "applied":
      applyOutcome(order, result.outcome, context);
      return result.refusal === undefined
        ? changed
        : { kind: "refused", failure: commandFailure(order.head.id, command, result.refusal) };
  }
}

function act(change: ActionChange, order: OrderInHand, context: ActionContext): ChangeDecision {
  const { expectedVersion, action, sku, parameters } = change;
  const roles = change.roles.filter((role) => fitsOrder(role, order.head));
  if (roles.length === 0) {
    const isSeller = change.roles.some(({ place }) => place === "elsewhere");
    return { kind: "refused", failure: isSeller ? heldByTables(order.head) : orderNotFound(change.orderId) };
  }
  if (expectedVersion !== 0 && expectedVersion !== order.head.version) {
    return { kind: "refused", failure: versionMismatch(order.head, expectedVersion) };
  }
  const definition = workflowOf(order.head);
  const currencyCode = order.head.total?.currencyCode;
  const failure = parameterFailure({ definition, action, parameters, currencyCode });
  if (failure !== undefined) {
    return { kind: "refused", failure };
  }
  const refusals: ActionRefusal[] = [];
  for (const { role } of roles) {
    const outcome = applyAction(definition, order.snapshot, requestOf(role, action, sku, parameters));
    if (outcome.kind === "applied") {
      applyOutcome(order, outcome, context);
      return outcome.refusedWith === undefined
        ? changed
        : { kind: "refused", failure: commandFailure(order.head.id, "pay", "PAYMENT_DEADLINE_PASSED") };
    }
    refusals.push(outcome.refusal);
  }
  return { kind: "refused", failure: actionFailure(order.head, nearest(refusals)) };
}

function requestOf(
  role: ActionRequest["role"],
  action: string,
  sku: number,
  { refundAmount, refundKind }: ActionChange["parameters"],
): ActionRequest {
  return {
    role,
    action,
    sku: sku === 0 ? undefined : sku,
    amountMinor: refundAmount?.amountMinor,
    refundKind,
  };
}

/** Of the refusals to the roles that somebody has, the one that came closest: what would have to change is the least. */
export function nearest(refusals: readonly ActionRefusal[]): ActionRefusal {
  const found = refusals.find(({ reason }) => reason === "GUARD_REFUSED") ?? refusals[0];
  if (found === undefined) {
    throw new Error("Nobody was asked, so nobody refused.");
  }
  return found;
}

/** A timer does nothing once the step that started it is over. */
function fire(change: TimerFiring, order: OrderInHand, context: ActionContext): ChangeDecision {
  const definition = workflowOf(order.head);
  const timer = runningTimers(definition, order.snapshot).find(
    (running) =>
      running.timer === change.timer && (running.sku ?? 0) === change.sku && running.step === change.step,
  );
  if (timer === undefined || (change.timer === "payment_deadline" && isEarly(change, order))) {
    return unchanged;
  }
  const request = { role: "P", action: timer.action, sku: timer.sku } as const;
  const decision = taken(applyAction(definition, order.snapshot, request), order, context);
  if (change.early === true && decision === changed) {
    // One that fires in its time is gone already. Fired before, it shall not fire again.
    order.timers.push({ ...timer, change: "stop" });
  }
  return decision;
}

/** The deadline to pay is in the order itself: a timer that fires before it, by a clock that jumped, does nothing. */
function isEarly({ early }: TimerFiring, { head }: OrderInHand): boolean {
  return early !== true && !head.isPastDeadline;
}

function hearOfRefund(change: RefundAnswer, order: OrderInHand, context: ActionContext): ChangeDecision {
  const index = order.sheets.findIndex(({ id }) => id === change.refundId);
  const sheet = order.sheets[index];
  // Somebody of the platform may have finished it by hand meanwhile.
  if (sheet === undefined || sheet.state !== "PPR") {
    return unchanged;
  }
  if (change.command === "refund failed") {
    order.sheets[index] = { ...sheet, failureCode: change.failureCode, changedAt: context.changedAt };
    return unchanged;
  }
  const request = { role: "P", action: "finished refund", sku: sheet.sku } as const;
  return taken(applyAction(workflowOf(order.head), order.snapshot, request), order, context);
}

function taken(outcome: ActionOutcome, order: OrderInHand, context: ActionContext): ChangeDecision {
  if (outcome.kind === "refused") {
    return unchanged;
  }
  applyOutcome(order, outcome, context);
  return changed;
}
