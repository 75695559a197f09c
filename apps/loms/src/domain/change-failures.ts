import { Failure } from "@ordermesh/failure/failure";
import type { ActionRefusal } from "../workflows/action-outcome.ts";
import { codeOfStatus } from "../workflows/states.ts";
import type { OrderHead } from "./order.ts";
import type { CommandRefusal, OrderCommand } from "./order-command.ts";

export function orderNotFound(orderId: bigint): Failure {
  return new Failure("not_found", `There is no order ${orderId}.`, {
    reason: "ORDER_NOT_FOUND",
    metadata: { order_id: `${orderId}` },
  });
}

/** A seller may see such an order, so that it is there is no secret. */
export function heldByTables({ id }: Pick<OrderHead, "id">): Failure {
  return new Failure(
    "permission_denied",
    `Order ${id} is at a table: the location's staff act on it with TablesService.ActOnOrder.`,
    { reason: "ROLE_NOT_HELD", metadata: { order_id: `${id}`, role: "S" } },
  );
}

export function versionMismatch({ id, version }: OrderHead, expectedVersion: number): Failure {
  return new Failure(
    "aborted",
    `Order ${id} has version ${version} by now, not ${expectedVersion}. Look at it again before you decide.`,
    {
      reason: "VERSION_MISMATCH",
      metadata: { order_id: `${id}`, current_version: `${version}` },
    },
  );
}

const commandTexts: Readonly<Record<CommandRefusal, string>> = {
  ORDER_FAILED: "the order failed when it was created, for lack of stock",
  ORDER_PAID: "the order has been paid",
  ORDER_CANCELED: "the order has been canceled",
  PAYMENT_DEADLINE_PASSED: "the order was not paid in time and has been canceled",
  ORDER_NOT_STORED: "the order is only being created",
  ORDER_NOT_SERVED: "the order has not been served",
  ORDER_ACCEPTED: "the kitchen has accepted the order",
  ORDER_DECLINED: "the kitchen has declined the order",
};

export function commandFailure(orderId: bigint, command: OrderCommand, reason: CommandRefusal): Failure {
  const text = commandTexts[reason];
  return new Failure("failed_precondition", `Order ${orderId} can not be changed by ${command}: ${text}.`, {
    reason,
    metadata: { order_id: `${orderId}` },
    preconditionViolations: [{ type: reason, subject: `order/${orderId}`, description: text }],
  });
}

/** What there is not, in place of what is not allowed now, is a mistake of the request. */
const mistakes: Readonly<Partial<Record<ActionRefusal["reason"], string>>> = {
  UNKNOWN_ACTION: "action",
  UNKNOWN_ROLE: "role",
  UNKNOWN_ITEM: "item_sku",
  ITEM_REQUIRED: "item_sku",
};

/** Why an action was refused; `Explain` tells the same and more. */
export function actionFailure({ id, status, version }: OrderHead, refusal: ActionRefusal): Failure {
  const { reason, text } = refusal;
  const field = mistakes[reason];
  if (field !== undefined) {
    return new Failure("invalid_argument", `Order ${id} is unchanged: ${text}`, {
      reason,
      metadata: { order_id: `${id}` },
      fieldViolations: [{ field, description: text }],
    });
  }
  return new Failure("failed_precondition", `Order ${id} is unchanged: ${text}`, {
    reason,
    metadata: {
      order_id: `${id}`,
      version: `${version}`,
      state_code: codeOfStatus(status),
      role: refusal.role,
      who_may: refusal.whoMay.join(","),
      ...(refusal.guard !== undefined && { guard: refusal.guard }),
    },
    preconditionViolations: [{ type: reason, subject: `order/${id}`, description: text }],
  });
}

export function intentFailure(): Failure {
  return new Failure(
    "invalid_argument",
    "This idempotency key was used for another request. Use a new key for a new intent.",
    {
      reason: "IDEMPOTENCY_KEY_REUSED",
      fieldViolations: [{ field: "idempotency_key", description: "was used for another request" }],
    },
  );
}
