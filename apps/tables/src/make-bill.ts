import { appendEvents } from "@ordermesh/outbox/outbox";
import type { Tx } from "@ordermesh/postgres/tx";
import { BillMadeSchema } from "@ordermesh/proto/ordermesh/events/v1/table_events_pb";
import { lockSessionFor, requireBill, requireOpen } from "./bill-access.ts";
import { putOnBill, recordBill } from "./bill-changes.ts";
import type { BillDesk } from "./bill-desk.ts";
import type { Bill } from "./domain/bill.ts";
import { nothingToBill } from "./domain/bill-failures.ts";
import type { Session } from "./domain/session.ts";
import { orderNotFound } from "./domain/session-failures.ts";
import { isPlaced, type PlacedOrder } from "./domain/session-order.ts";
import { type ShareDraft, splitByGuest, splitEvenly } from "./domain/split-bill.ts";
import { billMessage } from "./events/bill-messages.ts";
import { sessionReference, tableEvent } from "./events/outgoing.ts";
import { money } from "./events/session-messages.ts";
import { recordChange } from "./record-change.ts";
import type { Caller } from "./session-access.ts";
import { insertBill } from "./sql/bills.ts";
import { findGuest } from "./sql/guests.ts";
import { listSessionOrders } from "./sql/session-orders.ts";

export interface MakeBillRequest {
  readonly sessionId: bigint;
  readonly split: { readonly kind: "by_guest" } | { readonly kind: "evenly"; readonly shares: number };
  /** Empty: all that can be put on one. */
  readonly orderIds: readonly bigint[];
  readonly traceparent: string;
}

/**
 * Puts served orders that are on no bill on one, and divides it. A bill of nothing is settled at once.
 *
 * @throws Failure `failed_precondition`, naming them, if there are none, or not all of those that were asked for.
 */
export async function makeBill(desk: BillDesk, caller: Caller, request: MakeBillRequest): Promise<Bill> {
  const { sessionId, traceparent } = request;
  const bill = await desk.database.transaction(async (tx) => {
    const locked = await lockSessionFor(tx, caller, sessionId);
    requireOpen(locked);
    const orders = billable(
      await listSessionOrders(tx, sessionId).then((all) => all.filter(isPlaced)),
      request,
    );
    const totalMinor = orders.reduce((sum, order) => sum + order.totalMinor, 0n);
    const billId = await insertBill(tx, {
      sessionId,
      totalMinor,
      madeBy: caller.name,
      traceparent,
      orders,
      shares: await divide(tx, locked, orders, totalMinor, request),
    });
    const session = await putOnBill(tx, locked, orders, billId);
    const made = await requireBill(tx, session, billId);
    const told = await recordChange(tx, session, { case: "bill", value: billMessage(made) });
    const message = {
      session: sessionReference(told),
      billId,
      orderIds: [...made.orderIds],
      total: money(made.currencyCode, totalMinor),
    };
    appendEvents(tx, [tableEvent(told, BillMadeSchema, message, traceparent)]);
    return made.shares.length > 0 ? made : (await recordBill(tx, told, made, traceparent)).bill;
  });
  desk.onCommitted();
  if (bill.state === "settled") {
    desk.onWork();
  }
  return bill;
}

function billable(orders: readonly PlacedOrder[], { orderIds }: MakeBillRequest): readonly PlacedOrder[] {
  const isFree = ({ status, billId }: PlacedOrder) => status === "served" && billId === undefined;
  if (orderIds.length === 0) {
    const free = orders.filter(isFree);
    if (free.length === 0) {
      throw nothingToBill([]);
    }
    return free;
  }
  const missing = orderIds.find((id) => !orders.some(({ orderId }) => orderId === id));
  if (missing !== undefined) {
    throw orderNotFound(missing);
  }
  const wanted = orders.filter(({ orderId }) => orderIds.includes(orderId));
  const others = wanted.filter((order) => !isFree(order));
  if (others.length > 0) {
    throw nothingToBill(
      others.map(({ orderId, status, billId }) => ({
        orderId,
        description: status === "served" ? `is on bill ${billId}` : `is ${status}`,
      })),
    );
  }
  return wanted;
}

async function divide(
  tx: Tx,
  session: Session,
  orders: readonly PlacedOrder[],
  totalMinor: bigint,
  { split }: MakeBillRequest,
): Promise<ShareDraft[]> {
  if (split.kind === "evenly") {
    return splitEvenly(totalMinor, split.shares);
  }
  const table = await findGuest(tx, session.id, undefined);
  return splitByGuest(
    orders.map(({ guestId, totalMinor: total }) => ({
      guestId: guestId === table?.id ? undefined : guestId,
      totalMinor: total,
    })),
  );
}
