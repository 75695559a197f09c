import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import {
  type SessionOrder,
  SessionState,
  type TableSession,
} from "@ordermesh/proto/ordermesh/tables/v1/session_pb";

/** Entries that one session may have in the shape of ordered-online, where each unit of a product was one. */
const entriesMax = 2_000;

/** An order of ours may have 50 lines of 1,000 units, each of which has an id of its own there. */
const idsPerOrder = 100_000n;

/** A session as ordered-online wrote it. */
export function sessionShape(session: TableSession): object {
  return {
    code: session.code,
    name: session.name,
    location_id: Number(session.locationId),
    state: stateOf(session.state),
    timestamp: timeOf(session.openedTime),
    orders: entriesOf(session),
  };
}

/** While a forced close ends what is under way, nothing can be ordered any more: that system knew no more than that. */
export function stateOf(state: SessionState): "OPEN" | "CLOSED" {
  return state === SessionState.OPEN ? "OPEN" : "CLOSED";
}

function entriesOf({ code, orders, state }: TableSession): object[] {
  const entries: object[] = [];
  for (const order of orders) {
    if (!counts(order, stateOf(state))) {
      continue;
    }
    let index = 0n;
    for (const { sku, quantity } of order.lines) {
      for (let unit = 0; unit < quantity; unit += 1) {
        if (entries.length === entriesMax) {
          return entries;
        }
        const id = Number(order.orderId * idsPerOrder + index);
        entries.push({ id, product_id: sku, session: code, timestamp: timeOf(order.placedTime) });
        index += 1n;
      }
    }
  }
  return entries;
}

/** What was called off is none. What only the close ended stays: orders had no states there. */
function counts({ status, reason }: SessionOrder, state: "OPEN" | "CLOSED"): boolean {
  switch (status) {
    case OrderStatus.DECLINED:
      return false;
    case OrderStatus.CANCELED:
      return state === "CLOSED" && reason === closeReason;
    default:
      return true;
  }
}

/** Of sessions that are closed here while something was not served. */
export const closeReason = "closed by a client of ordered-online";

/** As Python writes times. */
function timeOf(time: Timestamp | undefined): string | null {
  return time === undefined ? null : timestampDate(time).toISOString().replace("Z", "+00:00");
}
