import type { IncomingRecord } from "@ordermesh/kafka/record";
import { claimEvents } from "@ordermesh/outbox/inbox";
import type { Database } from "@ordermesh/postgres/database";
import type { Tx } from "@ordermesh/postgres/tx";
import { type ChangeOutcome, type ChangeSettings, changeOrders } from "./change-orders.ts";
import type { OrderChange } from "./domain/order-change.ts";
import { type PaymentNews, type PaymentSoFar, paysOrder, type RefundNews } from "./domain/payment-news.ts";
import { type PaymentEvent, paymentEventOf, paymentsGroup } from "./events/incoming.ts";
import { findPaymentsSoFar, insertPaymentNews } from "./sql/order-payments.ts";

export interface PaymentEventHandlerOptions {
  readonly database: Database;
  readonly settings: ChangeSettings;
  /** Told of each order that was to be changed, after the commit. */
  readonly onChanged: (change: OrderChange, outcome: ChangeOutcome) => void;
}

/** A change of an order, and the event that brought it about. */
interface ChangeByEvent {
  readonly event: PaymentEvent;
  readonly change: OrderChange;
}

/**
 * Pays the orders whose money was captured, finishes the refunds whose money is back, and notes everything else that is
 * told of their payments, in one transaction with the inbox rows of the events. An order that can not be paid any more
 * stays as it is, or is canceled because its deadline has passed; the payment service learns that from the order's own
 * events and gives the money back.
 *
 * @throws Failure `invalid_argument` when a record is no event; `unavailable` when the database is away.
 */
export async function handlePaymentEvents(
  { database, settings, onChanged }: PaymentEventHandlerOptions,
  records: readonly IncomingRecord[],
): Promise<void> {
  const events = [...new Map(records.map(paymentEventOf).map((event) => [event.eventId, event])).values()];
  const applied = await database.transaction(async (tx) => {
    const claimed = await claimEvents(
      tx,
      paymentsGroup,
      events.map(({ eventId }) => eventId),
    );
    return await applyEvents(
      tx,
      events.filter(({ eventId }) => claimed.has(eventId)),
      settings,
    );
  });
  for (const { change, outcome } of applied) {
    onChanged(change, outcome);
  }
}

async function applyEvents(
  tx: Tx,
  events: readonly PaymentEvent[],
  settings: ChangeSettings,
): Promise<readonly { readonly change: OrderChange; readonly outcome: ChangeOutcome }[]> {
  const known = events.flatMap(({ news }) => (news === undefined ? [] : [news]));
  const soFar = known.length === 0 ? new Map<bigint, PaymentSoFar>() : await findPaymentsSoFar(tx, known);
  const wanted = events.flatMap((event) => changesBy(event, known, soFar));
  const outcomes =
    wanted.length === 0
      ? []
      : await changeOrders(
          tx,
          wanted.map(({ change }) => change),
          settings,
        );
  const paid = new Map(
    wanted.flatMap(({ event, change }, index) =>
      change.command === "pay" ? [[event.news, outcomes[index]]] : [],
    ),
  );
  insertPaymentNews(
    tx,
    known.map((news) => ({ ...news, outcome: textOf(paid.get(news)) })),
  );
  return wanted.flatMap(({ change }, index) => {
    const outcome = outcomes[index];
    return outcome === undefined ? [] : [{ change, outcome }];
  });
}

/** The service whose word it is. */
const actor = "service:payments";

function changesBy(
  event: PaymentEvent,
  batch: readonly PaymentNews[],
  soFar: ReadonlyMap<bigint, PaymentSoFar>,
): ChangeByEvent[] {
  const { news, refund, traceparent } = event;
  const pays = news !== undefined && paysOrder(news, latest(news, batch, soFar));
  return [
    ...(pays
      ? [{ event, change: { orderId: news.orderId, command: "pay", actor, traceparent } as const }]
      : []),
    ...(refund === undefined ? [] : [{ event, change: refundChange(refund, traceparent) }]),
  ];
}

function refundChange(refund: RefundNews, traceparent: string): OrderChange {
  const common = { orderId: refund.orderId, actor, traceparent };
  switch (refund.kind) {
    case "refunded":
      return { ...common, command: "refunded", refundId: refund.refundId, failureCode: "" };
    case "failed":
      return {
        ...common,
        command: "refund failed",
        refundId: refund.refundId,
        failureCode: refund.failureCode,
      };
    case "refunded_elsewhere":
      return { ...common, command: "refunded elsewhere", amountMinor: refund.amountMinor };
  }
}

/** The newest that is known of a payment: from before, or told in this batch ahead of the news. */
function latest(
  news: PaymentNews,
  batch: readonly PaymentNews[],
  soFar: ReadonlyMap<bigint, PaymentSoFar>,
): PaymentSoFar | undefined {
  const ahead = batch.slice(0, batch.indexOf(news)).filter(({ paymentId }) => paymentId === news.paymentId);
  const candidates = [soFar.get(news.paymentId), ...ahead];
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
