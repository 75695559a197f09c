import type { AppliedAction } from "../workflows/action-outcome.ts";
import { applyAction } from "../workflows/apply-action.ts";
import type { OrderSnapshot } from "../workflows/order-snapshot.ts";
import type { LomsWorkflow } from "../workflows/registry.ts";

/** What the purchase path asks of an order: actions of its workflow that may be asked for again without harm. */
export type OrderCommand = "pay" | "cancel" | "expire";

export const orderCommands: readonly OrderCommand[] = ["pay", "cancel", "expire"];

/** Why a command is refused: stable, for programs. */
export type CommandRefusal =
  | "ORDER_FAILED"
  | "ORDER_PAID"
  | "ORDER_CANCELED"
  | "PAYMENT_DEADLINE_PASSED"
  | "ORDER_NOT_STORED"
  /** At a table: it is paid after it was served. */
  | "ORDER_NOT_SERVED"
  /** At a table: it is too late to cancel it. */
  | "ORDER_ACCEPTED"
  | "ORDER_DECLINED";

export type CommandOutcome =
  | {
      readonly kind: "applied";
      readonly outcome: AppliedAction;
      /** Set if the order moves, but not as the caller wanted. */
      readonly refusal: CommandRefusal | undefined;
    }
  | { readonly kind: "unchanged" }
  | { readonly kind: "refused"; readonly reason: CommandRefusal };

const requests = {
  pay: { role: "P", action: "payment successful" },
  cancel: { role: "B", action: "cancel order" },
  expire: { role: "P", action: "no payment" },
} as const;

/**
 * What a command does to an order: what its workflow says, but that a command that finds its work done changes nothing
 * and succeeds. A timer that fires early, by a clock that jumped, does nothing either.
 */
export function takeCommand(
  definition: LomsWorkflow,
  order: OrderSnapshot,
  command: OrderCommand,
): CommandOutcome {
  if (command === "expire" && order.state === "WP" && order.facts.paymentIsInTime) {
    return { kind: "unchanged" };
  }
  const outcome = applyAction(definition, order, requests[command]);
  if (outcome.kind === "applied") {
    // The only refusal with which a row of the purchase moves.
    const refusal = outcome.refusedWith === undefined ? undefined : "PAYMENT_DEADLINE_PASSED";
    return { kind: "applied", outcome, refusal };
  }
  return withoutRow(command, order.state);
}

/** Nothing expires at a table. */
function refusedUnlessExpired(
  command: OrderCommand,
  ofPay: CommandRefusal,
  ofCancel: CommandRefusal,
): CommandOutcome {
  return command === "expire"
    ? { kind: "unchanged" }
    : { kind: "refused", reason: command === "pay" ? ofPay : ofCancel };
}

/** What it means that the workflow has no row for a command: the order is past it, or will never come there. */
function withoutRow(command: OrderCommand, state: string): CommandOutcome {
  switch (state) {
    case "":
      return { kind: "refused", reason: "ORDER_NOT_STORED" };
    case "FL":
      return command === "expire" ? { kind: "unchanged" } : { kind: "refused", reason: "ORDER_FAILED" };
    case "CT":
      return command === "pay" ? { kind: "refused", reason: "ORDER_CANCELED" } : { kind: "unchanged" };
    case "DC":
      return refusedUnlessExpired(command, "ORDER_DECLINED", "ORDER_DECLINED");
    case "PL":
    case "AC":
    case "PR":
    case "SV":
      return refusedUnlessExpired(command, "ORDER_NOT_SERVED", "ORDER_ACCEPTED");
    default:
      return command === "cancel" ? { kind: "refused", reason: "ORDER_PAID" } : { kind: "unchanged" };
  }
}
