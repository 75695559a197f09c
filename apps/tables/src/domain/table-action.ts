import { Failure } from "@ordermesh/failure/failure";
import type { OrderState, SessionOrderStatus } from "./session-order.ts";

/** What people do with an order at a table. */
export type TableAction = "accept" | "decline" | "prepare" | "serve" | "cancel";

interface ActionRule {
  /** What LOMS calls it. */
  readonly action:
    | "accept the order"
    | "decline the order"
    | "start preparing"
    | "serve the order"
    | "cancel order";
  readonly from: readonly SessionOrderStatus[];
  readonly to: OrderState["status"];
}

/** LOMS decides; this is for saying what can be done, and for knowing that it was done before. */
export const tableActions: Readonly<Record<TableAction, ActionRule>> = {
  accept: { action: "accept the order", from: ["placed"], to: "accepted" },
  decline: { action: "decline the order", from: ["placed", "accepted"], to: "declined" },
  prepare: { action: "start preparing", from: ["accepted"], to: "preparing" },
  serve: { action: "serve the order", from: ["accepted", "preparing"], to: "served" },
  cancel: { action: "cancel order", from: ["placed"], to: "canceled" },
};

export function allowedActions(status: SessionOrderStatus): TableAction[] {
  const all = Object.keys(tableActions) as TableAction[];
  return all.filter((action) => tableActions[action].from.includes(status));
}

/** @param status where the order is. */
export function actionRefused(orderId: bigint, action: TableAction, status: SessionOrderStatus): Failure {
  const allowed = allowedActions(status);
  const text =
    allowed.length === 0 ? "Nothing can be done with it any more." : `Allowed: ${allowed.join(", ")}.`;
  return new Failure(
    "failed_precondition",
    `Order ${orderId} is ${status}, where "${action}" is not possible. ${text}`,
    {
      reason: "ACTION_NOT_ALLOWED",
      metadata: { order_id: `${orderId}`, status, allowed: allowed.join(",") },
      preconditionViolations: [
        { type: "STATUS", subject: `orders/${orderId}`, description: `is ${status}; ${text}` },
      ],
    },
  );
}

/** Guests may take back their own orders; all else is for the staff. */
export function notYours(orderId: bigint): Failure {
  return new Failure("permission_denied", `Order ${orderId} is another guest's.`, {
    reason: "NOT_YOUR_ORDER",
  });
}
