import type { IncomingRecord } from "@ordermesh/kafka/record";
import { claimEvents } from "@ordermesh/outbox/inbox";
import type { Tx } from "@ordermesh/postgres/tx";
import type { Session } from "./domain/session.ts";
import { isPlaced } from "./domain/session-order.ts";
import { type TableOrderNews, tableOrderNewsOf } from "./events/incoming.ts";
import { ordersGroup } from "./events/topics.ts";
import { applyOrderState } from "./order-state.ts";
import { keepNews } from "./sql/order-news.ts";
import { findPlacedOrders } from "./sql/session-orders.ts";
import { lockSession } from "./sql/sessions.ts";
import type { TableDesk } from "./table-desk.ts";

/**
 * Applies what happened to orders elsewhere than here. One transaction for each session, which locks it before all else;
 * an event that comes again finds its row in the inbox and does nothing.
 *
 * @throws Failure `invalid_argument` when a record is no event; `unavailable` when the database is away.
 */
export async function handleOrderEvents(
  { database, onCommitted }: Pick<TableDesk, "database" | "onCommitted">,
  records: readonly IncomingRecord[],
): Promise<void> {
  const bySession = new Map<bigint, TableOrderNews[]>();
  for (const news of records.flatMap((record) => tableOrderNewsOf(record) ?? [])) {
    bySession.set(news.sessionId, [...(bySession.get(news.sessionId) ?? []), news]);
  }
  for (const [sessionId, news] of bySession) {
    await database.transaction((tx) => applyNews(tx, sessionId, news));
  }
  if (bySession.size > 0) {
    onCommitted();
  }
}

async function applyNews(tx: Tx, sessionId: bigint, news: readonly TableOrderNews[]): Promise<void> {
  let session: Session | undefined = await lockSession(tx, sessionId);
  const claimed = await claimEvents(
    tx,
    ordersGroup,
    news.map(({ eventId }) => eventId),
  );
  if (session === undefined) {
    // Of another installation's tables, whose topic this one was given.
    return;
  }
  for (const { eventId, orderId, state } of news) {
    if (claimed.delete(eventId)) {
      const order = (await findPlacedOrders(tx, sessionId, [orderId])).find(isPlaced);
      if (order === undefined) {
        keepNews(tx, orderId, sessionId, state);
      } else {
        ({ session } = await applyOrderState(tx, session, order, state));
      }
    }
  }
}
