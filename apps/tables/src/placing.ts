import { Failure } from "@ordermesh/failure/failure";
import type { Session } from "./domain/session.ts";
import { sessionNotFound } from "./domain/session-failures.ts";
import type { PlacedOrder, SessionOrder } from "./domain/session-order.ts";
import { recordPlaced } from "./order-state.ts";
import { findGuest } from "./sql/guests.ts";
import { deletePlacing } from "./sql/session-orders.ts";
import { findSession, lockSession } from "./sql/sessions.ts";
import type { TableDesk } from "./table-desk.ts";
import type { CallContext } from "./upstream/catalogue.ts";

export interface Placed {
  readonly session: Session;
  readonly order: PlacedOrder;
}

/**
 * Has LOMS make the order of a row, and records it. May be done by several at once: LOMS makes one order of a row, and one
 * of them records it.
 *
 * @throws Failure `unavailable` if what became of it is not known: the row stays, and it is tried again. What LOMS refuses
 * for good is passed on, and the row is taken back.
 */
export async function completePlacing(
  desk: TableDesk,
  row: SessionOrder,
  call: CallContext,
): Promise<Placed> {
  const { database, orders } = desk;
  const place = await database.read(async (db) => {
    const session = await findSession(db, row.sessionId);
    const guest = await findGuest(db, row.sessionId, row.guestId);
    if (session === undefined || guest === undefined) {
      throw sessionNotFound();
    }
    const { locationId, currencyCode } = session;
    return { locationId, currencyCode, guestNickname: guest.nickname };
  });
  const made = await orders.create(row, place, call).catch((error: unknown) => giveUp(desk, row, error));
  const recorded = await database.transaction(async (tx) => {
    const session = await lockSession(tx, row.sessionId);
    return session && (await recordPlaced(tx, session, row.id, made));
  });
  if (recorded === undefined) {
    // Nobody takes back a row for which LOMS makes an order: it answers the same each time.
    throw new Error(`LOMS made order ${made.orderId} of row ${row.id}, which is not there any more.`);
  }
  desk.onCommitted();
  return recorded;
}

/** LOMS has answered that it will never make this order, or what it did is not known. */
async function giveUp({ database }: TableDesk, row: SessionOrder, error: unknown): Promise<never> {
  if (!(error instanceof Failure)) {
    throw error;
  }
  if (error.kind === "invalid_argument" || error.kind === "failed_precondition") {
    await database.transaction((tx) => deletePlacing(tx, row.id));
    throw error;
  }
  throw new Failure(
    "unavailable",
    "The kitchen's books can not be reached. The order may still be placed: try again with the same idempotency key.",
    { reason: "ORDER_PENDING", retryAfterMs: 1_000, cause: error },
  );
}
