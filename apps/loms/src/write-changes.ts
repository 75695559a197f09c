import { appendEvents } from "@ordermesh/outbox/outbox";
import type { Tx } from "@ordermesh/postgres/tx";
import type { ChangeSettings } from "./change-orders.ts";
import type { Order } from "./domain/order.ts";
import type { MoveInHand, OrderInHand } from "./domain/order-in-hand.ts";
import type { OrderStep } from "./domain/order-step.ts";
import type { RefundSheet } from "./domain/refund-sheet.ts";
import type { Hold, Resolution } from "./domain/stock.ts";
import type { IssuedVoucher } from "./domain/voucher.ts";
import { stepEvents, stepEventType, type ToldStep } from "./events/step-events.ts";
import { writeFulfillments } from "./sql/fulfillments.ts";
import { insertSteps, updateOrders } from "./sql/order-history.ts";
import { writeItems } from "./sql/order-items.ts";
import { takeRefundIds, writeSheets } from "./sql/refund-sheets.ts";
import { resolveHolds } from "./sql/stock.ts";
import { insertStockReturns, type StockReturn } from "./sql/stock-returns.ts";
import { stepTraceOf } from "./step-trace.ts";
import { runVoucherEffects, type VoucherEffect } from "./vouchers.ts";
import type { EffectName } from "./workflows/names.ts";
import { writeTimers } from "./write-timers.ts";

/** What was written of an order. */
export interface WrittenOrder {
  /** One for each move, in their order. */
  readonly steps: readonly OrderStep[];
}

const stockEffects: ReadonlySet<EffectName> = new Set([
  "commit_reservation",
  "release_reservation",
  "restock_item",
  "restock_order",
]);

/** Whether units of an order move, so that its stock has to be locked. */
export function touchesStock({ moves }: OrderInHand): boolean {
  return moves.some(({ effects }) => effects.some(({ effect }) => stockEffects.has(effect)));
}

/**
 * Writes what a batch has made of its orders: rows, history, stock, codes, timers and events, without waiting where
 * nothing has to be known first.
 *
 * @param options.holds of the orders whose stock moves; their stock levels are locked.
 */
export async function writeChanges(
  tx: Tx,
  orders: readonly OrderInHand[],
  options: { readonly holds: readonly Hold[]; readonly changedAt: Date; readonly settings: ChangeSettings },
): Promise<ReadonlyMap<bigint, WrittenOrder>> {
  await giveRefundIds(tx, orders);
  const issued = await runVoucherEffects(tx, orders.flatMap(voucherCalls), options.settings.voucherKey);
  const moved = orders.filter(({ moves }) => moves.length > 0);
  writeStock(tx, moved, options.holds);
  writeRows(tx, orders);
  writeTimers(tx, moved, options.changedAt, options.settings.durations);

  const told = moved.map((order) => ({
    order,
    steps: order.moves.map((move) => toldStep(order, move, issued)),
  }));
  insertSteps(
    tx,
    told.flatMap(({ order, steps }) =>
      steps.map((step) => ({ ...step.step, orderId: order.head.id, eventType: stepEventType(step) })),
    ),
  );
  appendEvents(
    tx,
    told.flatMap(({ order, steps }) => stepEvents(orderOf(order), steps)),
  );
  return new Map(told.map(({ order, steps }) => [order.head.id, { steps: steps.map(({ step }) => step) }]));
}

/** New sheets get their ids here, before anything names them. */
async function giveRefundIds(tx: Tx, orders: readonly OrderInHand[]): Promise<void> {
  const places = orders.flatMap(({ sheets }) =>
    sheets.flatMap((sheet, index) => (sheet.id === 0n ? [{ sheets, sheet, index }] : [])),
  );
  if (places.length === 0) {
    return;
  }
  const ids = await takeRefundIds(tx, places.length);
  for (const [position, { sheets, sheet, index }] of places.entries()) {
    const id = ids[position];
    if (id === undefined) {
      throw new Error(`Only ${ids.length} ids were given for ${places.length} refunds.`);
    }
    sheets[index] = { ...sheet, id };
  }
}

const voucherEffects: ReadonlySet<string> = new Set<VoucherEffect>([
  "issue_codes",
  "hold_codes",
  "refund_codes",
  "expire_codes",
]);

function voucherCalls({ head, moves }: OrderInHand) {
  return moves
    .flatMap(({ effects }) => effects)
    .filter(({ effect }) => voucherEffects.has(effect))
    .map(({ effect }) => ({ effect: effect as VoucherEffect, orderId: head.id }));
}

function writeStock(tx: Tx, orders: readonly OrderInHand[], holds: readonly Hold[]): void {
  const resolved: Record<Resolution, Hold[]> = { committed: [], released: [], expired: [] };
  const returns: StockReturn[] = [];
  if (holds.length === 0) {
    return;
  }
  const holdsOf = groupByHolder(holds);
  for (const { head, moves } of orders) {
    const ofOrder = holdsOf.get(head.id) ?? [];
    for (const move of moves) {
      for (const call of move.effects) {
        if (call.effect === "commit_reservation") {
          resolved.committed.push(...ofOrder);
        } else if (call.effect === "release_reservation") {
          resolved[move.step.cancelReason === "payment_deadline" ? "expired" : "released"].push(...ofOrder);
        } else if (call.effect === "restock_item" || call.effect === "restock_order") {
          returns.push(...returnsOf(ofOrder, call.sku, move));
        }
      }
    }
  }
  for (const resolution of ["committed", "released", "expired"] as const) {
    resolveHolds(tx, resolved[resolution], resolution);
  }
  insertStockReturns(tx, returns);
}

function groupByHolder(holds: readonly Hold[]): Map<bigint, Hold[]> {
  const groups = new Map<bigint, Hold[]>();
  for (const hold of holds) {
    const group = groups.get(hold.holderId);
    if (group === undefined) {
      groups.set(hold.holderId, [hold]);
    } else {
      group.push(hold);
    }
  }
  return groups;
}

function returnsOf(holds: readonly Hold[], sku: number | undefined, { step }: MoveInHand): StockReturn[] {
  const { version, refundKind } = step;
  const reason =
    sku === undefined ? "canceled" : refundKind === "pre_shipping" ? "refunded_before_shipping" : "returned";
  return holds
    .filter((hold) => sku === undefined || hold.sku === sku)
    .map((hold) => ({ ...hold, reason, version }));
}

function writeRows(tx: Tx, orders: readonly OrderInHand[]): void {
  updateOrders(
    tx,
    orders
      .filter(({ moves }) => moves.length > 0)
      .map(({ before, head }) => ({ ...head, fromVersion: before.head.version })),
  );
  writeItems(
    tx,
    orders.flatMap(({ head, items }) => [...items].map(([sku, state]) => ({ orderId: head.id, sku, state }))),
  );
  writeSheets(
    tx,
    orders.flatMap(({ before, sheets }) => sheets.filter((sheet) => !before.sheets.includes(sheet))),
  );
  writeFulfillments(
    tx,
    orders
      .filter(({ fulfillment, fulfillmentBefore }) => fulfillment !== fulfillmentBefore)
      .map(({ fulfillment }) => fulfillment),
  );
}

function toldStep(
  order: OrderInHand,
  move: MoveInHand,
  issued: ReadonlyMap<bigint, IssuedVoucher>,
): ToldStep {
  const { step, sheetNumber, statusBefore, effects, traceparent } = move;
  const sheet = sheetOf(order.sheets, step.sku, sheetNumber);
  const isIssuing = effects.some(({ effect }) => effect === "issue_codes");
  return {
    step: { ...step, refundId: sheet?.id, trace: stepTraceOf(traceparent) },
    statusBefore,
    sheet,
    refundMinor: effects.find(({ effect }) => effect === "request_refund")?.amountMinor,
    isRefundFinished: effects.some(({ effect }) => effect === "record_refund"),
    voucher: isIssuing ? issued.get(order.head.id) : undefined,
    traceparent,
  };
}

function sheetOf(
  sheets: readonly RefundSheet[],
  sku: number | undefined,
  number: number | undefined,
): RefundSheet | undefined {
  return number === undefined
    ? undefined
    : sheets.find((sheet) => sheet.sku === sku && sheet.number === number);
}

function orderOf({ head, before }: OrderInHand): Order {
  const { step: _, isPastDeadline: __, ...order } = head;
  return { ...order, lines: before.lines, table: before.table };
}
