import type { IncomingRecord } from "@ordermesh/kafka/record";
import { claimEvents } from "@ordermesh/outbox/inbox";
import type { Tx } from "@ordermesh/postgres/tx";
import type { BillDesk } from "./bill-desk.ts";
import { type SharePaymentEvent, sharePaymentEventOf } from "./events/payment-events.ts";
import { paymentsGroup } from "./events/topics.ts";
import { recordNews } from "./share-news.ts";
import { findSessionOfShare } from "./sql/bills.ts";
import { lockSession } from "./sql/sessions.ts";

/**
 * Applies what payments tells about shares. One transaction for each session, which locks it before all else; an event
 * that comes again finds its row in the inbox and does nothing.
 *
 * @throws Failure `invalid_argument` when a record is no event; `unavailable` when the database is away.
 */
export async function handlePaymentEvents(
  { database, onCommitted, onWork }: Pick<BillDesk, "database" | "onCommitted" | "onWork">,
  records: readonly IncomingRecord[],
): Promise<void> {
  const events = records.flatMap((record) => sharePaymentEventOf(record) ?? []);
  const bySession = await database.read(async (db) => {
    const found = new Map<bigint, SharePaymentEvent[]>();
    for (const event of events) {
      const sessionId = await findSessionOfShare(db, event.news.shareId);
      // A share that is not there is another installation's, whose topic this one was given.
      if (sessionId !== undefined) {
        found.set(sessionId, [...(found.get(sessionId) ?? []), event]);
      }
    }
    return found;
  });
  for (const [sessionId, ofSession] of bySession) {
    await database.transaction((tx) => applyEvents(tx, sessionId, ofSession));
  }
  if (bySession.size > 0) {
    onCommitted();
    onWork();
  }
}

async function applyEvents(tx: Tx, sessionId: bigint, events: readonly SharePaymentEvent[]): Promise<void> {
  let session = await lockSession(tx, sessionId);
  const claimed = await claimEvents(
    tx,
    paymentsGroup,
    events.map(({ eventId }) => eventId),
  );
  for (const { eventId, news, traceparent } of events) {
    if (session !== undefined && claimed.delete(eventId)) {
      const applied = await recordNews(tx, session, news, { kind: "told" }, traceparent);
      session = applied?.session ?? session;
    }
  }
}
