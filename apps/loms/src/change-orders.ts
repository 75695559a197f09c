import { Failure } from "@ordermesh/failure/failure";
import { appendEvents } from "@ordermesh/outbox/outbox";
import type { Tx } from "@ordermesh/postgres/tx";
import type { Order, OrderLine } from "./domain/order.ts";
import { type Decision, decide, type OrderCommand, type RefusalReason } from "./domain/order-status.ts";
import type { Hold, Resolution } from "./domain/stock.ts";
import { orderEvent } from "./events/outgoing.ts";
import {
  findOrderLines,
  insertHistory,
  type LockedOrder,
  lockOrders,
  transactionTime,
  updateStatus,
} from "./sql/orders.ts";
import { findHolds, lockStockLevelsOfHolders, resolveHolds } from "./sql/stock.ts";

export interface OrderChange {
  readonly orderId: bigint;
  readonly command: OrderCommand;
  readonly traceparent: string;
  /** To anybody else's order it is as if there were none. Undefined: to any order. */
  readonly limitedToUserId?: bigint | undefined;
}

export type ChangeOutcome =
  | { readonly kind: "done"; readonly version: number; readonly changed: boolean }
  | { readonly kind: "refused"; readonly failure: Failure };

/** An order in hand: what the commands of a batch have made of it so far. */
interface OrderInHand {
  locked: LockedOrder;
  /** The move that this batch makes; an order moves at most once, because every move ends in a final status. */
  move: { readonly decision: Decision & { kind: "move" }; readonly traceparent: string } | undefined;
}

/**
 * Applies a batch of commands to existing orders in one transaction, in the order of arrival: pays, cancels, and
 * expires. Commands that find their work done succeed and change nothing; those that are not allowed are refused one
 * by one. A payment that comes too late cancels its order, which is recorded, and is refused.
 *
 * Two round trips: lock orders, then stock, and read what they hold; then write everything and commit.
 */
export async function changeOrders(tx: Tx, changes: readonly OrderChange[]): Promise<ChangeOutcome[]> {
  const orderIds = [...new Set(changes.map((change) => change.orderId))];
  const [lockedOrders, holds, lines, changedAt] = await Promise.all([
    lockOrders(tx, orderIds),
    findHolds(tx, orderIds),
    findOrderLines(tx, orderIds),
    transactionTime(tx),
    lockStockLevelsOfHolders(tx, orderIds),
  ]);
  const orders = new Map(
    lockedOrders.map((locked): [bigint, OrderInHand] => [locked.id, { locked, move: undefined }]),
  );
  const outcomes = changes.map((change) => applyCommand(change, orders.get(change.orderId)));

  const moved = [...orders.values()].flatMap(({ locked, move }) =>
    move === undefined
      ? []
      : [{ order: movedOrder(locked, move.decision, lines), traceparent: move.traceparent }],
  );
  writeMoves(
    tx,
    moved.map(({ order }) => order),
    holds,
    changedAt,
  );
  appendEvents(
    tx,
    moved.map(({ order, traceparent }) => orderEvent(order, traceparent)),
  );
  return outcomes;
}

function applyCommand(change: OrderChange, order: OrderInHand | undefined): ChangeOutcome {
  if (order === undefined || !isVisible(order.locked, change.limitedToUserId)) {
    return { kind: "refused", failure: orderNotFound(change.orderId) };
  }
  const { locked } = order;
  const decision = decide(change.command, locked.status, locked.isPastDeadline);
  switch (decision.kind) {
    case "unchanged":
      return { kind: "done", version: locked.version, changed: false };
    case "refused":
      return { kind: "refused", failure: refusal(change, decision.reason) };
    case "move":
      order.move = { decision, traceparent: change.traceparent };
      order.locked = { ...locked, status: decision.to, version: locked.version + 1 };
      return decision.refusal === undefined
        ? { kind: "done", version: locked.version + 1, changed: true }
        : { kind: "refused", failure: refusal(change, decision.refusal) };
  }
}

/** The order as it is after its move; `locked` has its new status and version already. */
function movedOrder(
  locked: LockedOrder,
  decision: Decision & { kind: "move" },
  lines: ReadonlyMap<bigint, readonly OrderLine[]>,
): Order {
  const { id, userId, status, version, currencyCode, totalMinor, createdAt, paymentDueAt } = locked;
  return {
    id,
    userId,
    status,
    version,
    lines: lines.get(id) ?? [],
    total:
      currencyCode === undefined || totalMinor === undefined
        ? undefined
        : { currencyCode, amountMinor: Number(totalMinor) },
    createdAt,
    paymentDueAt,
    cancelReason: decision.cancelReason,
    shortages: [],
  };
}

function writeMoves(tx: Tx, orders: readonly Order[], holds: readonly Hold[], changedAt: Date): void {
  const groups: { resolution: Resolution; belongs: (order: Order) => boolean }[] = [
    { resolution: "committed", belongs: (order) => order.status === "paid" },
    { resolution: "released", belongs: (order) => order.cancelReason === "requested" },
    { resolution: "expired", belongs: (order) => order.cancelReason === "payment_deadline" },
  ];
  for (const { resolution, belongs } of groups) {
    const group = orders.filter(belongs);
    const first = group[0];
    if (first !== undefined) {
      const ids = new Set(group.map((order) => order.id));
      updateStatus(tx, [...ids], first.status, first.cancelReason);
      resolveHolds(
        tx,
        holds.filter((hold) => ids.has(hold.holderId)),
        resolution,
      );
    }
  }
  insertHistory(
    tx,
    orders.map(({ id, version, status, cancelReason }) => ({
      orderId: id,
      version,
      status,
      cancelReason,
      changedAt,
    })),
  );
}

/** Whether a caller who is limited to one user's orders, or is not, may know of this one. */
export function isVisible(
  { userId }: { readonly userId: bigint },
  limitedToUserId: bigint | undefined,
): boolean {
  return limitedToUserId === undefined || limitedToUserId === userId;
}

export function orderNotFound(orderId: bigint): Failure {
  return new Failure("not_found", `There is no order ${orderId}.`, {
    reason: "ORDER_NOT_FOUND",
    metadata: { order_id: `${orderId}` },
  });
}

const refusalTexts: Readonly<Record<RefusalReason, string>> = {
  ORDER_FAILED: "the order failed when it was created, for lack of stock",
  ORDER_PAID: "the order has been paid",
  ORDER_CANCELED: "the order has been canceled",
  PAYMENT_DEADLINE_PASSED: "the order was not paid in time and has been canceled",
  ORDER_NOT_STORED: "the order is only being created",
};

function refusal({ orderId, command }: OrderChange, reason: RefusalReason): Failure {
  const text = refusalTexts[reason];
  return new Failure("failed_precondition", `Order ${orderId} can not be changed by ${command}: ${text}.`, {
    reason,
    metadata: { order_id: `${orderId}` },
    preconditionViolations: [{ type: reason, subject: `order/${orderId}`, description: text }],
  });
}
