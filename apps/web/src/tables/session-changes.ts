import type { SessionOrder, TableSession } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import type { SessionChange } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";

/**
 * A session after one of its changes. The same object if it knew the change already: answers and changes overtake each
 * other, and the version says which is newer.
 *
 * @returns undefined if a change in between was not heard: then the session has to be read anew.
 */
export function sessionAfter(session: TableSession, change: SessionChange): TableSession | undefined {
  if (change.sessionId !== session.sessionId || change.version <= session.version) {
    return session;
  }
  if (change.version > session.version + 1) {
    return undefined;
  }
  const { version, total, paid, what } = change;
  // Sums that are not there any more are taken away, and not kept.
  const { total: _formerTotal, paid: _formerPaid, ...rest } = session;
  const after: TableSession = {
    ...rest,
    version,
    ...(total !== undefined && { total }),
    ...(paid !== undefined && { paid }),
  };
  switch (what.case) {
    case "guest":
      return { ...after, guests: withOne(session.guests, what.value, ({ guestId }) => guestId) };
    case "order":
      return { ...after, orders: withOne(session.orders, what.value, ({ orderId }) => orderId) };
    case "bill":
      return { ...after, bills: withOne(session.bills, what.value, ({ billId }) => billId) };
    case "session": {
      const { name, state, code, closedTime, closeReason } = what.value;
      return { ...after, name, state, code, closeReason, ...(closedTime !== undefined && { closedTime }) };
    }
    default:
      return after;
  }
}

/** Of two pictures of a session, the one with the greater version. */
export function newerSession(
  one: TableSession | undefined,
  other: TableSession | undefined,
): TableSession | undefined {
  if (one === undefined || other === undefined) {
    return one ?? other;
  }
  return other.version > one.version ? other : one;
}

/** With an item in the place of the one with its id, or at the end. */
function withOne<Item>(items: readonly Item[], item: Item, idOf: (item: Item) => bigint): Item[] {
  const index = items.findIndex((each) => idOf(each) === idOf(item));
  return index < 0 ? [...items, item] : items.with(index, item);
}

/** What was ordered for one guest, in the order in which it was placed. */
export interface GuestOrders {
  readonly guestId: bigint;
  readonly name: string;
  readonly orders: readonly SessionOrder[];
}

/** The orders by guest, in the order in which the guests came; what is for nobody in particular is called "The table". */
export function ordersByGuest({ guests, orders }: TableSession): readonly GuestOrders[] {
  return guests
    .map(({ guestId, nickname, isTable }) => ({
      guestId,
      name: isTable ? "The table" : nickname,
      orders: orders.filter((order) => order.guestId === guestId),
    }))
    .filter((group) => group.orders.length > 0);
}

/** How a guest is called at the table. */
export function guestName({ guests }: TableSession, guestId: bigint): string {
  const guest = guests.find((each) => each.guestId === guestId);
  return guest === undefined ? "Somebody" : guest.isTable ? "The table" : guest.nickname;
}
