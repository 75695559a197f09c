import type { IncomingRecord } from "@ordermesh/kafka/record";
import { claimEvents } from "@ordermesh/outbox/inbox";
import type { Database } from "@ordermesh/postgres/database";
import type { Tx } from "@ordermesh/postgres/tx";
import { firstStateOf, paymentEventOf } from "./domain/order-news.ts";
import type { Payment } from "./domain/payment.ts";
import { type OrderEvent, orderEventOf, ordersGroup } from "./events/incoming.ts";
import { beginOrderRefund, type OrderRefundAnswer } from "./order-refunds.ts";
import { collectChanges, type PaymentChanges } from "./payment-changes.ts";
import { insertPayments, lockPaymentsOfOrders } from "./sql/payments.ts";

export interface OrderEventHandlerOptions {
  readonly database: Database;
  /** Told what has been committed. */
  readonly onHandled: (result: HandledOrderEvents) => void;
}

export interface HandledOrderEvents {
  /** Payments that were made. */
  readonly made: number;
  /** Refunds that were begun because their orders have ended. */
  readonly refundsBegun: number;
  /** Refunds that orders asked for, and that were begun. */
  readonly orderRefundsBegun: number;
  /** Refunds that orders asked for, and that were refused. */
  readonly orderRefundsRefused: number;
}

type OrderEventWithNews = OrderEvent & { readonly news: NonNullable<OrderEvent["news"]> };

/**
 * Makes payments of orders, ends them with their orders, and begins the refunds that orders ask for, in one transaction
 * with the inbox rows of the events: one that comes again finds its row and does nothing. News that are older than what
 * was applied do nothing either.
 *
 * @throws Failure `invalid_argument` when a record is no event; `unavailable` when the database is away.
 */
export async function handleOrderEvents(
  { database, onHandled }: OrderEventHandlerOptions,
  records: readonly IncomingRecord[],
): Promise<void> {
  const events = records.map(orderEventOf);
  const result = await database.transaction(async (tx) => {
    const claimed = await claimEvents(
      tx,
      ordersGroup,
      events.map(({ eventId }) => eventId),
    );
    const fresh = events.filter((event, index) => {
      const isFirst = events.findIndex(({ eventId }) => eventId === event.eventId) === index;
      return isFirst && claimed.has(event.eventId) && subjectOf(event) !== undefined;
    });
    return await applyEvents(tx, fresh);
  });
  onHandled(result);
}

/** The order that an event tells something about that matters here. */
function subjectOf({ news, refundRequest }: OrderEvent): bigint | undefined {
  return (news ?? refundRequest)?.orderId;
}

async function applyEvents(tx: Tx, events: readonly OrderEvent[]): Promise<HandledOrderEvents> {
  const orderIds = [...new Set(events.flatMap((event) => subjectOf(event) ?? []))];
  if (orderIds.length === 0) {
    return { made: 0, refundsBegun: 0, orderRefundsBegun: 0, orderRefundsRefused: 0 };
  }
  const known = await lockPaymentsOfOrders(tx, orderIds);
  const payments = new Map(known.map((payment) => [payment.subject.id, payment]));
  const changes = collectChanges(tx);
  const made = await makeMissing(tx, events.filter(hasNews), payments, changes);
  const answers: OrderRefundAnswer[] = [];

  for (const event of events) {
    if (hasNews(event)) {
      applyNews(event, payments, changes);
    }
    const { refundRequest, traceparent } = event;
    if (refundRequest !== undefined) {
      const { orderId } = refundRequest;
      const handled = await beginOrderRefund(tx, changes, payments.get(orderId), refundRequest, traceparent);
      if (handled.payment !== undefined) {
        payments.set(orderId, handled.payment);
      }
      answers.push(handled.answer);
    }
  }
  return {
    made,
    refundsBegun: await changes.write(),
    orderRefundsBegun: answers.filter((answer) => answer === "begun").length,
    orderRefundsRefused: answers.filter((answer) => answer === "refused").length,
  };
}

function hasNews(event: OrderEvent): event is OrderEventWithNews {
  return event.news !== undefined;
}

function applyNews(
  { news, traceparent }: OrderEventWithNews,
  payments: Map<bigint, Payment>,
  changes: PaymentChanges,
): void {
  const payment = payments.get(news.orderId);
  const event = paymentEventOf(news);
  if (payment !== undefined && event !== undefined && news.orderVersion > payment.orderVersion) {
    const applied = changes.apply(payment, event, {
      text: `order is ${news.change}`,
      traceparent,
      patch: { orderVersion: news.orderVersion },
    });
    payments.set(news.orderId, applied.payment);
  }
}

/** A payment for each order that has none, as its first news says. */
async function makeMissing(
  tx: Tx,
  events: readonly OrderEventWithNews[],
  payments: Map<bigint, Payment>,
  changes: PaymentChanges,
): Promise<number> {
  const first = new Map<bigint, OrderEventWithNews>();
  for (const event of events) {
    const { orderId } = event.news;
    if (!payments.has(orderId) && !first.has(orderId)) {
      first.set(orderId, event);
    }
  }
  const made = await insertPayments(
    tx,
    [...first.values()].map(({ news }) => ({ ...news, ...firstStateOf(news) })),
  );
  for (const payment of made) {
    const { id } = payment.subject;
    payments.set(id, payment);
    if (payment.status === "captured") {
      changes.announce(payment, "captured", first.get(id)?.traceparent ?? "");
    }
  }
  return made.length;
}
