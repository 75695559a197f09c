import type { Tx } from "@ordermesh/postgres/tx";
import type { Session } from "./domain/session.ts";
import { isPlaced, type OrderState, type PlacedOrder, type SessionOrder } from "./domain/session-order.ts";
import { recordChange } from "./record-change.ts";
import { takeNews } from "./sql/order-news.ts";
import { findSessionOrder, updateOrderState, updatePlaced } from "./sql/session-orders.ts";

/** An order as it is now, and its session, which has another version if the order was changed. */
export interface AppliedState {
  readonly session: Session;
  readonly order: PlacedOrder;
  readonly changed: boolean;
}

/** Applies what LOMS told of an order, unless something newer was told before. The session is locked. */
export async function applyOrderState(
  tx: Tx,
  session: Session,
  order: PlacedOrder,
  state: OrderState,
): Promise<AppliedState> {
  if (state.version <= order.version) {
    return { session, order, changed: false };
  }
  const updated = placed(await updateOrderState(tx, order.id, state));
  return {
    session: await recordChange(tx, session, { case: "order", value: updated }),
    order: updated,
    changed: true,
  };
}

/**
 * Records the order that LOMS has made of a row, once: whoever comes second finds it recorded. The session is locked.
 *
 * @returns undefined if the row was taken back.
 */
export async function recordPlaced(
  tx: Tx,
  session: Session,
  rowId: bigint,
  made: { readonly orderId: bigint; readonly state: OrderState },
): Promise<AppliedState | undefined> {
  const row = await findSessionOrder(tx, rowId);
  if (row === undefined) {
    return undefined;
  }
  if (isPlaced(row)) {
    return await applyOrderState(tx, session, row, made.state);
  }
  const heard = await takeNews(tx, made.orderId);
  const state = heard !== undefined && heard.version > made.state.version ? heard : made.state;
  const order = placed(await updatePlaced(tx, rowId, made.orderId, state));
  return { session: await recordChange(tx, session, { case: "order", value: order }), order, changed: true };
}

function placed(order: SessionOrder): PlacedOrder {
  if (!isPlaced(order)) {
    throw new Error(`Row ${order.id} has no order.`);
  }
  return order;
}
