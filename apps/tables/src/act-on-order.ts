import { Failure } from "@ordermesh/failure/failure";
import type { Session } from "./domain/session.ts";
import { badRequest, forStaffOnly, notOpen, orderNotFound } from "./domain/session-failures.ts";
import { isPlaced, type OrderState, type PlacedOrder } from "./domain/session-order.ts";
import { actionRefused, notYours, type TableAction, tableActions } from "./domain/table-action.ts";
import { applyOrderState } from "./order-state.ts";
import { type Caller, requireSession } from "./session-access.ts";
import { findPlacedOrders } from "./sql/session-orders.ts";
import { lockSession } from "./sql/sessions.ts";
import type { TableDesk } from "./table-desk.ts";
import type { CallContext } from "./upstream/catalogue.ts";

export interface ActRequest {
  readonly sessionId: bigint;
  readonly orderId: bigint;
  readonly action: TableAction;
  readonly reason: string;
}

export interface Acted {
  readonly session: Session;
  readonly order: PlacedOrder;
  /** False if the order was there already. */
  readonly changed: boolean;
}

/**
 * Takes an order a step further. LOMS decides, and its answer is recorded; should that be lost, the order's event brings
 * it.
 *
 * @throws Failure `failed_precondition`, with what is allowed, if the order is not where the action begins.
 */
export async function actOnOrder(
  desk: TableDesk,
  caller: Caller,
  request: ActRequest,
  call: CallContext,
): Promise<Acted> {
  const { database, orders } = desk;
  const { sessionId, orderId, action, reason } = request;
  const { action: name, to } = tableActions[action];
  const { session, order } = await database.read(async (db) => ({
    session: await requireSession(db, caller, sessionId),
    order: (await findPlacedOrders(db, sessionId, [orderId])).find(isPlaced),
  }));
  checkCaller(caller, action, order, orderId);
  if (action === "decline" && reason.trim() === "") {
    throw badRequest("reason", "is needed to decline an order");
  }
  if (order?.status === to) {
    return { session, order, changed: false };
  }
  if (session.state !== "open") {
    throw notOpen(session.state);
  }
  const by =
    caller.kind === "guest"
      ? ({ role: "B", userId: undefined, reason } as const)
      : ({ role: "S", userId: caller.userId, reason } as const);
  try {
    return { ...(await record(desk, request, await orders.act(orderId, name, by, call))), changed: true };
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== "failed_precondition") {
      throw error;
    }
    // The order is elsewhere than it was thought to be: perhaps where it was to be brought.
    const acted = await record(desk, request, await orders.find(orderId, call));
    if (acted.order.status !== to) {
      throw actionRefused(orderId, action, acted.order.status);
    }
    return { ...acted, changed: false };
  }
}

function checkCaller(
  caller: Caller,
  action: TableAction,
  order: PlacedOrder | undefined,
  orderId: bigint,
): asserts order is PlacedOrder {
  if (order === undefined) {
    throw orderNotFound(orderId);
  }
  if (caller.kind === "guest") {
    if (action !== "cancel") {
      throw forStaffOnly("This");
    }
    if (order.guestId !== caller.guestId) {
      throw notYours(orderId);
    }
  }
}

async function record(
  { database, onCommitted }: TableDesk,
  { sessionId, orderId }: ActRequest,
  state: OrderState,
): Promise<Pick<Acted, "session" | "order">> {
  const applied = await database.transaction(async (tx) => {
    const session = await lockSession(tx, sessionId);
    const order = (await findPlacedOrders(tx, sessionId, [orderId])).find(isPlaced);
    if (session === undefined || order === undefined) {
      throw orderNotFound(orderId);
    }
    return await applyOrderState(tx, session, order, state);
  });
  onCommitted();
  return applied;
}
