import type { AppliedAction, EffectCall, Move, TimerChange } from "../workflows/action-outcome.ts";
import { isOpen, type OrderSnapshot, type SheetSnapshot } from "../workflows/order-snapshot.ts";
import { itemStateWithoutRow, statusOfCode } from "../workflows/states.ts";
import type { ActionParameters } from "./action-parameters.ts";
import { emptyFulfillment, type Fulfillment } from "./fulfillment.ts";
import type { OrderHead, OrderStatus } from "./order.ts";
import { type OrderStep, workflowActor } from "./order-step.ts";
import type { RefundSheet } from "./refund-sheet.ts";
import { type StoredOrder, snapshotOf } from "./stored-order.ts";

/** An order that a transaction has locked, with what it has made of it so far. */
export interface OrderInHand {
  /** As it was when it was locked. */
  readonly before: StoredOrder;
  readonly fulfillmentBefore: Fulfillment;
  snapshot: OrderSnapshot;
  head: OrderHead;
  /** Those that have changed. */
  readonly items: Map<number, string>;
  /** All, also new ones, whose id is 0 until it is given. */
  readonly sheets: RefundSheet[];
  fulfillment: Fulfillment;
  readonly moves: MoveInHand[];
  readonly timers: TimerChange[];
}

/** A step with what has to be done for it. */
export interface MoveInHand {
  /** Its refund's id is that of the sheet with its SKU and this number; its trace is that of `traceparent`. */
  readonly step: Omit<OrderStep, "refundId" | "trace">;
  readonly sheetNumber: number | undefined;
  readonly statusBefore: OrderStatus;
  readonly effects: readonly EffectCall[];
  readonly traceparent: string;
}

export function takeInHand(stored: StoredOrder): OrderInHand {
  const fulfillment = stored.fulfillment ?? emptyFulfillment(stored.head.id);
  return {
    before: stored,
    fulfillmentBefore: fulfillment,
    snapshot: snapshotOf(stored),
    head: stored.head,
    items: new Map(),
    sheets: [...stored.sheets],
    fulfillment,
    moves: [],
    timers: [],
  };
}

/** What is known of an action beside what it does. */
export interface ActionContext {
  readonly actor: string;
  readonly parameters: ActionParameters;
  readonly traceparent: string;
  /** The database's time. */
  readonly changedAt: Date;
}

/** Makes of an order in hand what its workflow says. */
export function applyOutcome(
  order: OrderInHand,
  outcome: Pick<AppliedAction, "order" | "moves" | "timers">,
  context: ActionContext,
): void {
  for (const move of outcome.moves) {
    applyMove(order, move, context);
  }
  const after = outcome.order;
  for (const [index, { sku, state }] of after.items.entries()) {
    // An item that stands where it would without a row needs none.
    const hasRow = order.items.has(sku) || order.before.items.has(sku);
    const isChanged = state !== order.snapshot.items[index]?.state;
    if (isChanged && (hasRow || state !== itemStateWithoutRow(after.state))) {
      order.items.set(sku, state);
    }
  }
  order.head = { ...order.head, step: after.since };
  if (after.flags.join() !== order.fulfillment.flags.join()) {
    order.fulfillment = { ...order.fulfillment, flags: after.flags };
  }
  order.snapshot = after;
  order.timers.push(...outcome.timers);
}

function applyMove(order: OrderInHand, move: Move, context: ActionContext): void {
  const { actor, traceparent, changedAt } = context;
  const parameters = move.isAutomatic ? undefined : context.parameters;
  const statusBefore = order.head.status;
  const status = statusOfCode(move.orderState);
  const cancelReason = status === "canceled" ? (move.reason ?? order.head.cancelReason) : undefined;
  const refundedMinor = move.effects
    .filter(({ effect }) => effect === "record_refund")
    .reduce((sum, { amountMinor }) => sum + (amountMinor ?? 0), order.head.refundedMinor);
  order.head = { ...order.head, status, cancelReason, refundedMinor, version: move.version };
  if (move.sheet !== undefined && move.sku !== undefined) {
    applySheet(order, move.sku, move.sheet, move, context);
  }
  for (const { effect } of move.effects) {
    order.fulfillment = afterEffect(order.fulfillment, effect, context);
  }
  order.moves.push({
    step: {
      version: move.version,
      status,
      cancelReason,
      changedAt,
      role: move.role,
      actor: move.isAutomatic ? workflowActor : actor,
      action: move.action,
      sku: move.sku,
      itemState: move.itemState,
      refundKind: move.sheet?.kind,
      refundState: move.sheet?.state,
      event: move.event,
      parameters: parameters !== undefined && Object.keys(parameters).length > 0 ? parameters : undefined,
    },
    sheetNumber: move.sheet?.number,
    statusBefore,
    effects: move.effects,
    traceparent,
  });
}

/** The sheet of an item after a move: a new one, or what the move made of the one that was there. */
function applySheet(
  order: OrderInHand,
  sku: number,
  sheet: SheetSnapshot,
  move: Move,
  { parameters, changedAt }: ActionContext,
): void {
  const { number, kind, state, since, amountMinor } = sheet;
  const index = order.sheets.findIndex((known) => known.sku === sku && known.number === number);
  const known = order.sheets[index];
  const has = (wanted: EffectCall["effect"]) => move.effects.some(({ effect }) => effect === wanted);
  const isAsked = !move.isAutomatic && (known === undefined || has("change_refund"));
  const isShippedBack = has("store_return_shipment");
  const now: RefundSheet = {
    id: known?.id ?? 0n,
    orderId: order.head.id,
    sku,
    number,
    kind,
    state,
    isOpen: isOpen(sheet),
    step: since,
    amountMinor,
    reason: (isAsked ? parameters.reason : undefined) ?? known?.reason ?? "",
    memo: (isAsked ? parameters.memo : undefined) ?? known?.memo ?? "",
    pictureUrls: (isAsked ? parameters.pictureUrls : undefined) ?? known?.pictureUrls ?? [],
    carrier: (isShippedBack ? parameters.carrier : undefined) ?? known?.carrier ?? "",
    trackingNumber: (isShippedBack ? parameters.trackingNumber : undefined) ?? known?.trackingNumber ?? "",
    // Whoever asks again, or ends it otherwise, has dealt with what went wrong.
    failureCode: move.isAutomatic ? (known?.failureCode ?? "") : "",
    createdAt: known?.createdAt ?? changedAt,
    changedAt,
  };
  if (index === -1) {
    order.sheets.push(now);
  } else {
    order.sheets[index] = now;
  }
}

function afterEffect(
  fulfillment: Fulfillment,
  effect: EffectCall["effect"],
  { parameters, changedAt }: ActionContext,
): Fulfillment {
  switch (effect) {
    case "store_shipping_address":
      return { ...fulfillment, shippingAddress: parameters.shippingAddress ?? fulfillment.shippingAddress };
    case "store_shipping_fee":
      return {
        ...fulfillment,
        shippingFeeMinor: parameters.shippingFee?.amountMinor ?? fulfillment.shippingFeeMinor,
      };
    case "store_shipment":
      return {
        ...fulfillment,
        carrier: parameters.carrier ?? "",
        trackingNumber: parameters.trackingNumber ?? "",
        shippedAt: changedAt,
      };
    default:
      return fulfillment;
  }
}
