import type { IncomingRecord } from "@ordermesh/kafka/record";
import type { OrderSnapshot } from "@ordermesh/proto/ordermesh/events/v1/order_events_pb";
import type { OrderChange, OrderNews } from "../domain/order-news.ts";
import { malformed, priceOf, readChange } from "./order-changes.ts";

/** What this service reads. The number of partitions is the order service's: another one would break the order per key. */
export const ordersTopic = { name: "orders.events.v1", partitions: 12 } as const;

/** Whose offsets and inbox rows are this service's. */
export const ordersGroup = "notifications.order-events";

/** One event of the topic. */
export interface OrderEvent {
  readonly eventId: string;
  /** The CloudEvents type: the full name of the payload's message. */
  readonly eventType: string;
  /** Of what published it. */
  readonly traceparent: string;
  /** False for a type that this version does not know: a newer order service may tell more. */
  readonly isKnown: boolean;
  /** Undefined if there is nothing to tell the buyer. */
  readonly news: OrderNews | undefined;
}

/**
 * Reads a record.
 *
 * @throws Failure `invalid_argument` for one that is no event, or whose payload is not what its type says.
 */
export function orderEventOf({ headers, value }: IncomingRecord): OrderEvent {
  const eventId = headers.ce_id ?? "";
  const eventType = headers.ce_type ?? "";
  if (!/^[\x21-\x7e]{1,200}$/.test(eventId)) {
    throw malformed("The header ce_id is missing or is no id.");
  }
  if (!/^[\x21-\x7e]{1,200}$/.test(eventType)) {
    throw malformed("The header ce_type is missing or is no type.");
  }
  const told = readChange(eventType, value);
  return {
    eventId,
    eventType,
    traceparent: headers.traceparent ?? "",
    isKnown: told !== undefined,
    news: told && newsAbout(told.order, told.change),
  };
}

function newsAbout(order: OrderSnapshot | undefined, change: OrderChange | undefined): OrderNews | undefined {
  if (order === undefined || order.orderId <= 0n || order.userId <= 0n) {
    throw malformed("The event does not say which order of which user it is about.");
  }
  // Whoever is at the table sees it at once, and a guest has no account to which anything could be sent.
  if (order.table !== undefined) {
    return undefined;
  }
  return (
    change && {
      change,
      orderId: order.orderId,
      userId: order.userId,
      lines: order.lines.map(({ sku, quantity, name, unitPrice }) => ({
        sku,
        quantity,
        name,
        unitPrice: priceOf(unitPrice),
      })),
      total: priceOf(order.total),
    }
  );
}
