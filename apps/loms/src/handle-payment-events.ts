import type { IncomingRecord } from "@ordermesh/kafka/record";
import { claimEvents } from "@ordermesh/outbox/inbox";
import type { Database } from "@ordermesh/postgres/database";
import type { Tx } from "@ordermesh/postgres/tx";
import { type ChangeOutcome, changeOrders, type OrderChange } from "./change-orders.ts";
import { type PaymentNews, type PaymentSoFar, paysOrder } from "./domain/payment-news.ts";
import { type PaymentEvent, paymentEventOf, paymentsGroup } from "./events/incoming.ts";
import { findPaymentsSoFar, insertPaymentNews } from "./sql/order-payments.ts";

export interface PaymentEventHandlerOptions {
  readonly database: Database;
  /** Told of each order that was to be paid, after the commit. */
  readonly onChanged: (change: OrderChange, outcome: ChangeOutcome) => void;
}

interface PaidChange {
  readonly news: PaymentNews;
  readonly change: OrderChange;
  readonly outcome: ChangeOutcome;
}

/**
 * Pays the orders whose money was captured, and notes everything else that is told of their payments, in one transaction
 * with the inbox rows of the events. An order that can not be paid any more stays as it is, or is canceled because its
 * deadline has passed; the payment service learns that from the order's own events and gives the money back.
 *
 * @throws Failure `invalid_argument` when a record is no event; `unavailable` when the database is away.
 */
export async function handlePaymentEvents(
  { database, onChanged }: PaymentEventHandlerOptions,
  records: readonly IncomingRecord[],
): Promise<void> {
  const events = [...new Map(records.map(paymentEventOf).map((event) => [event.eventId, event])).values()];
  const paid = await database.transaction(async (tx) => {
    const claimed = await claimEvents(
      tx,
      paymentsGroup,
      events.map(({ eventId }) => eventId),
    );
    return await applyNews(
      tx,
      events.filter(({ eventId }) => claimed.has(eventId)),
    );
  });
  for (const { change, outcome } of paid) {
    onChanged(change, outcome);
  }
}

async function applyNews(tx: Tx, events: readonly PaymentEvent[]): Promise<PaidChange[]> {
  const known = events.flatMap(({ news, traceparent }) =>
    news === undefined ? [] : [{ news, traceparent }],
  );
  if (known.length === 0) {
    return [];
  }
  const soFar = await findPaymentsSoFar(
    tx,
    known.map(({ news }) => news),
  );
  const paying = known.filter(({ news }) => paysOrder(news, latest(news, known, soFar)));
  const changes = paying.map(
    ({ news, traceparent }): OrderChange => ({ orderId: news.orderId, command: "pay", traceparent }),
  );
  const outcomes = changes.length === 0 ? [] : await changeOrders(tx, changes);
  const outcomeOf = new Map(paying.map(({ news }, index) => [news, outcomes[index]]));
  insertPaymentNews(
    tx,
    known.map(({ news }) => ({ ...news, outcome: textOf(outcomeOf.get(news)) })),
  );
  return paying.map(({ news }, index) => ({ news, change: changes[index]!, outcome: outcomes[index]! }));
}

/** The newest that is known of a payment: from before, or told in this batch ahead of the news. */
function latest(
  news: PaymentNews,
  batch: readonly { readonly news: PaymentNews }[],
  soFar: ReadonlyMap<bigint, PaymentSoFar>,
): PaymentSoFar | undefined {
  const place = batch.findIndex((entry) => entry.news === news);
  const ahead = batch.slice(0, place).filter((entry) => entry.news.paymentId === news.paymentId);
  const candidates = [soFar.get(news.paymentId), ...ahead.map((entry) => entry.news)];
  return candidates.reduce(
    (newest, candidate) => ((candidate?.version ?? 0) > (newest?.version ?? 0) ? candidate : newest),
    undefined,
  );
}

function textOf(outcome: ChangeOutcome | undefined): string {
  if (outcome === undefined) {
    return "unchanged";
  }
  if (outcome.kind === "refused") {
    return outcome.failure.reason.toLowerCase();
  }
  return outcome.changed ? "paid" : "unchanged";
}
