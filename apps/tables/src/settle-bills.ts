import { Failure } from "@ordermesh/failure/failure";
import type { BillDesk } from "./bill-desk.ts";
import type { NewsSource } from "./domain/payment-news.ts";
import { isPlaced } from "./domain/session-order.ts";
import { applyOrderState } from "./order-state.ts";
import { recordNews } from "./share-news.ts";
import { noteCanceled, noteOrderPaid, type OrderToPay, type ShareWork } from "./sql/bill-work.ts";
import { findPlacedOrders } from "./sql/session-orders.ts";
import { lockSession } from "./sql/sessions.ts";

/** The pieces of work that bills leave at other services. Each can be done again. */

/**
 * Tells LOMS that an order of a settled bill is paid.
 *
 * @throws Failure `unavailable` while LOMS is away.
 */
export async function payOrder(
  desk: BillDesk,
  { sessionId, billId, orderId, traceparent }: OrderToPay,
): Promise<void> {
  const state = await desk.orders.pay(orderId, traceparent);
  await desk.database.transaction(async (tx) => {
    const session = await lockSession(tx, sessionId);
    const [order] = (await findPlacedOrders(tx, sessionId, [orderId])).filter(isPlaced);
    if (session !== undefined && order !== undefined) {
      await applyOrderState(tx, session, order, state);
    }
    noteOrderPaid(tx, billId, orderId);
  });
  desk.onCommitted();
}

/**
 * Asks what became of a try to pay a share.
 *
 * @param isOver whether whoever made the try has given it up. Then one that the payment service has never heard of has come
 * to nothing; should it arrive after all, and be captured, the event tells.
 */
export async function checkShare(desk: BillDesk, work: ShareWork, isOver: boolean): Promise<void> {
  const news = await desk.payments.find(work);
  await desk.database.transaction(async (tx) => {
    const session = await lockSession(tx, work.sessionId);
    const source: NewsSource = isOver ? { kind: "asked", tryId: work.tryId } : { kind: "told" };
    return session && (await recordNews(tx, session, news, source, work.traceparent));
  });
  desk.onCommitted();
  desk.onWork();
}

/** Has the payment service end the payment of a share that is settled in another way, or whose bill was taken back. */
export async function cancelShare(desk: BillDesk, work: ShareWork): Promise<void> {
  await desk.payments.giveBack(work);
  await desk.database.transaction(async (tx) => noteCanceled(tx, work.shareId));
}

/** Whether the other service was not reached: then it is tried again without a word. */
export function isAway(error: unknown): boolean {
  return error instanceof Failure && (error.kind === "unavailable" || error.kind === "deadline_exceeded");
}
