import { expect, test } from "vitest";
import type { OrderStatus } from "./order.ts";
import { type Decision, decide, type OrderCommand, orderCommands, orderStatuses } from "./order-status.ts";

/** One cell in short: where it moves to, "unchanged", or why it is refused. */
function outcome(decision: Decision): string {
  switch (decision.kind) {
    case "move":
      return [decision.to, decision.cancelReason, decision.refusal]
        .filter((part) => part !== undefined)
        .join(" ");
    case "unchanged":
      return "unchanged";
    case "refused":
      return decision.reason;
  }
}

const inTime: Record<OrderStatus, Record<OrderCommand, string>> = {
  new: { pay: "ORDER_NOT_STORED", cancel: "ORDER_NOT_STORED", expire: "ORDER_NOT_STORED" },
  awaiting_payment: { pay: "paid", cancel: "canceled requested", expire: "unchanged" },
  failed: { pay: "ORDER_FAILED", cancel: "ORDER_FAILED", expire: "unchanged" },
  paid: { pay: "unchanged", cancel: "ORDER_PAID", expire: "unchanged" },
  canceled: { pay: "ORDER_CANCELED", cancel: "unchanged", expire: "unchanged" },
};

const pastDeadline: typeof inTime = {
  ...inTime,
  awaiting_payment: {
    pay: "canceled payment_deadline PAYMENT_DEADLINE_PASSED",
    cancel: "canceled requested",
    expire: "canceled payment_deadline",
  },
};

test.each(orderStatuses.flatMap((status) => orderCommands.map((command) => ({ status, command }))))(
  "$command on $status",
  ({ status, command }) => {
    expect(outcome(decide(command, status, false))).toBe(inTime[status][command]);
    expect(outcome(decide(command, status, true))).toBe(pastDeadline[status][command]);
  },
);
