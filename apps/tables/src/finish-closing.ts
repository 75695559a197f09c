import { Failure } from "@ordermesh/failure/failure";
import type { Session } from "./domain/session.ts";
import { isPlaced, isUnserved, type PlacedOrder } from "./domain/session-order.ts";
import { applyOrderState } from "./order-state.ts";
import { completePlacing } from "./placing.ts";
import type { ForcedClose } from "./sql/session-closing.ts";
import { findPlacedOrders, listPlacing, listSessionOrders } from "./sql/session-orders.ts";
import { lockSession } from "./sql/sessions.ts";
import type { TableDesk } from "./table-desk.ts";
import { tryToClose } from "./try-to-close.ts";
import type { CallContext } from "./upstream/catalogue.ts";

/** After the first round nothing new can come; what came while it was made is ended in the second. */
const roundsMax = 3;

/**
 * Ends what is left to be done in a session that is being closed by force, and closes it. Each step can be repeated, so
 * that whoever dies, the next one goes on; several may be at it.
 *
 * @throws Failure `unavailable` while LOMS or payments is away.
 */
export async function finishClosing(
  desk: TableDesk,
  close: ForcedClose,
  call: CallContext,
): Promise<Session> {
  const { database, bills } = desk;
  const { sessionId, reason, traceparent } = close;
  try {
    for (let round = 0; round < roundsMax; round += 1) {
      for (const row of await database.read((db) => listPlacing(db, sessionId))) {
        await completePlacing(desk, row, call).catch(ignoreRefusal);
      }
      const orders = await database.read((db) => listSessionOrders(db, sessionId));
      for (const order of orders.filter(isPlaced).filter(({ status }) => isUnserved(status))) {
        await endOrder(desk, order, close, call);
      }
      await bills.writeOff(sessionId, reason, call);
      const outcome = await database.transaction((tx) => tryToClose(tx, desk, sessionId, traceparent));
      if (outcome.kind === "closed") {
        desk.onCommitted();
        return outcome.closed.session;
      }
    }
  } catch (error) {
    throw stillClosing(error);
  }
  throw stillClosing(undefined);
}

/** An order that LOMS refuses for good is taken back, and so not in the way. */
function ignoreRefusal(error: unknown): void {
  const isRefusal =
    error instanceof Failure && (error.kind === "invalid_argument" || error.kind === "failed_precondition");
  if (!isRefusal) {
    throw error;
  }
}

async function endOrder(
  { database, orders, onCommitted }: TableDesk,
  { id, sessionId, orderId }: PlacedOrder,
  { reason, actorUserId }: ForcedClose,
  call: CallContext,
): Promise<void> {
  const state = await orders
    .act(orderId, "end the order", { role: "S", userId: actorUserId, reason }, call)
    .catch((error: unknown) => {
      if (error instanceof Failure && error.kind === "failed_precondition") {
        // Somebody else has served or ended it.
        return orders.find(orderId, call);
      }
      throw error;
    });
  await database.transaction(async (tx) => {
    const session = await lockSession(tx, sessionId);
    const order = (await findPlacedOrders(tx, sessionId, [orderId])).find(isPlaced);
    if (session !== undefined && order?.id === id) {
      await applyOrderState(tx, session, order, state);
    }
  });
  onCommitted();
}

function stillClosing(cause: unknown): Failure {
  return new Failure(
    "unavailable",
    "The session is being closed: nothing can be ordered any more, and the rest is done as soon as possible.",
    { reason: "SESSION_CLOSING", retryAfterMs: 1_000, cause },
  );
}
