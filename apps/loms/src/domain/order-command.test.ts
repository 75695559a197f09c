import { expect, test } from "vitest";
import { product } from "../workflows/product.ts";
import type { LomsWorkflow } from "../workflows/registry.ts";
import { codeOfStatus, itemStateWithoutRow, statusOfCode } from "../workflows/states.ts";
import { table } from "../workflows/table.ts";
import { type OrderStatus, orderStatuses } from "./order.ts";
import { type OrderCommand, orderCommands, takeCommand } from "./order-command.ts";

/** One cell in short: where it moves to, "unchanged", or why it is refused. */
function outcome(
  command: OrderCommand,
  status: OrderStatus,
  isPastDeadline: boolean,
  definition: LomsWorkflow = product,
): string {
  const state = codeOfStatus(status);
  const decision = takeCommand(
    definition,
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

const ofOthers = [
  "confirmed",
  "delivered",
  "placed",
  "accepted",
  "preparing",
  "served",
  "declined",
] as const satisfies readonly OrderStatus[];

/** Those that goods go through. */
type GoodsStatus = Exclude<OrderStatus, (typeof ofOthers)[number]>;
const statuses = orderStatuses.filter(
  (status): status is GoodsStatus => !ofOthers.some((other) => other === status),
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

/** At a table nothing expires, and what can not be paid yet is not taken for paid. */
const kitchen = { pay: "ORDER_NOT_SERVED", cancel: "ORDER_ACCEPTED", expire: "unchanged" };

const atTables: readonly (readonly [OrderStatus, Record<OrderCommand, string>])[] = [
  ["new", { pay: "ORDER_NOT_STORED", cancel: "ORDER_NOT_STORED", expire: "ORDER_NOT_STORED" }],
  ["placed", { ...kitchen, cancel: "canceled requested" }],
  ["accepted", kitchen],
  ["preparing", kitchen],
  ["served", { ...kitchen, pay: "paid" }],
  ["paid", sold],
  ["declined", { pay: "ORDER_DECLINED", cancel: "ORDER_DECLINED", expire: "unchanged" }],
  ["canceled", { pay: "ORDER_CANCELED", cancel: "unchanged", expire: "unchanged" }],
];

test("at a table every state is here", () => {
  const codes = table.machines.order?.states.map(({ code }) => code) ?? [];
  expect(atTables.map(([status]) => codeOfStatus(status)).sort()).toEqual([...codes].sort());
});

test.each(atTables)("at a table, %s", (status, expected) => {
  for (const command of orderCommands) {
    expect(outcome(command, status, false, table), command).toBe(expected[command]);
    expect(outcome(command, status, true, table), command).toBe(expected[command]);
  }
});
