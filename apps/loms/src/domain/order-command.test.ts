import { expect, test } from "vitest";
import { product } from "../workflows/product.ts";
import { codeOfStatus, itemStateWithoutRow, statusOfCode } from "../workflows/states.ts";
import { type OrderStatus, orderStatuses } from "./order.ts";
import { type OrderCommand, orderCommands, takeCommand } from "./order-command.ts";

/** One cell in short: where it moves to, "unchanged", or why it is refused. */
function outcome(command: OrderCommand, status: OrderStatus, isPastDeadline: boolean): string {
  const state = codeOfStatus(status);
  const decision = takeCommand(
    product,
    {
      state,
      since: 2,
      version: 2,
      flags: [],
      capturedMinor: 100,
      items: [{ sku: 1, lineTotalMinor: 100, state: itemStateWithoutRow(state) }],
      facts: { stockIsReserved: status !== "failed", paymentIsInTime: !isPastDeadline },
    },
    command,
  );
  switch (decision.kind) {
    case "applied": {
      const { order, moves } = decision.outcome;
      return [statusOfCode(order.state), moves[0]?.reason, decision.refusal]
        .filter((part) => part !== undefined)
        .join(" ");
    }
    case "unchanged":
      return "unchanged";
    case "refused":
      return decision.reason;
  }
}

/** Those that goods go through. */
type GoodsStatus = Exclude<OrderStatus, "confirmed" | "delivered">;
const statuses = orderStatuses.filter(
  (status): status is GoodsStatus => status !== "confirmed" && status !== "delivered",
);

/** Paid, and further on: paying it again changes nothing, and nothing else of this is left to do. */
const sold = { pay: "unchanged", cancel: "ORDER_PAID", expire: "unchanged" };

const inTime: Record<GoodsStatus, Record<OrderCommand, string>> = {
  new: { pay: "ORDER_NOT_STORED", cancel: "ORDER_NOT_STORED", expire: "ORDER_NOT_STORED" },
  awaiting_payment: { pay: "paid", cancel: "canceled requested", expire: "unchanged" },
  failed: { pay: "ORDER_FAILED", cancel: "ORDER_FAILED", expire: "unchanged" },
  paid: sold,
  canceled: { pay: "ORDER_CANCELED", cancel: "unchanged", expire: "unchanged" },
  shipment_held: sold,
  shipped: sold,
  completed: sold,
  awaiting_settlement: sold,
  settled: sold,
};

const pastDeadline: typeof inTime = {
  ...inTime,
  awaiting_payment: {
    pay: "canceled payment_deadline PAYMENT_DEADLINE_PASSED",
    cancel: "canceled requested",
    expire: "canceled payment_deadline",
  },
};

test.each(statuses.flatMap((status) => orderCommands.map((command) => ({ status, command }))))(
  "$command on $status",
  ({ status, command }) => {
    expect(outcome(command, status, false)).toBe(inTime[status][command]);
    expect(outcome(command, status, true)).toBe(pastDeadline[status][command]);
  },
);
