import type { IncomingRecord } from "@ordermesh/kafka/record";
import { claimEvents } from "@ordermesh/outbox/inbox";
import type { Database } from "@ordermesh/postgres/database";
import {
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracing,
  traceparentOf,
} from "@ordermesh/telemetry/tracing";
import type { Channel, NotificationDraft } from "./domain/notification.ts";
import { notificationText } from "./domain/notification-text.ts";
import { textMessageOf } from "./domain/text-message.ts";
import { type OrderEvent, orderEventOf, ordersGroup } from "./events/incoming.ts";
import { insertNotifications } from "./sql/notifications.ts";

export interface EventHandlerOptions {
  readonly database: Database;
  readonly tracing: Tracing;
  /** Channels on which this installation delivers. */
  readonly channels: readonly Channel[];
  /** Told what has been committed. */
  readonly onHandled: (result: HandledEvents) => void;
}

export interface HandledEvents {
  /** The types of the events whose notification was made, each as often as it came. */
  readonly notifiedTypes: readonly string[];
  /** The channels on which something is to be delivered now. */
  readonly queuedChannels: readonly Channel[];
  /** The types of the events that were skipped because this version does not know them. */
  readonly unknownTypes: readonly string[];
}

interface EventInHand {
  readonly event: OrderEvent;
  readonly draft: NotificationDraft | undefined;
  readonly span: Span;
}

const nothingMade = { eventIds: new Set<string>(), channels: [] } as const;

/**
 * Turns records into notifications and queued deliveries, in one transaction with the inbox rows of their events: an
 * event that comes again finds its row and does nothing.
 *
 * @throws Failure `invalid_argument` when a record is no event; `unavailable` when the database is away.
 */
export async function handleEvents(
  { database, tracing, channels, onHandled }: EventHandlerOptions,
  records: readonly IncomingRecord[],
): Promise<void> {
  const inHand = distinctEvents(records).map(({ record, event }) => startEvent(tracing, record, event));
  try {
    const fresh = await database.transaction(async (tx) => {
      const claimed = await claimEvents(
        tx,
        ordersGroup,
        inHand.map(({ event }) => event.eventId),
      );
      const drafts = inHand.flatMap(({ event, draft }) =>
        draft !== undefined && claimed.has(event.eventId) ? [draft] : [],
      );
      const made = drafts.length === 0 ? nothingMade : await insertNotifications(tx, drafts, channels);
      return { claimed, ...made };
    });
    const handled = inHand.filter(({ event }) => fresh.claimed.has(event.eventId));
    for (const { span } of handled) {
      span.end();
    }
    onHandled({
      notifiedTypes: handled.flatMap(({ event }) =>
        fresh.eventIds.has(event.eventId) ? [event.eventType] : [],
      ),
      queuedChannels: fresh.channels,
      unknownTypes: handled.flatMap(({ event }) => (event.isKnown ? [] : [event.eventType])),
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    for (const { span } of inHand) {
      span.setStatus({ code: SpanStatusCode.ERROR, message });
      span.end();
    }
    throw error;
  }
}

/** A relay that was interrupted publishes events again, possibly into the same batch. */
function distinctEvents(records: readonly IncomingRecord[]): { record: IncomingRecord; event: OrderEvent }[] {
  const events = records.map((record) => ({ record, event: orderEventOf(record) }));
  const first = new Map<string, (typeof events)[number]>();
  for (const entry of events) {
    if (!first.has(entry.event.eventId)) {
      first.set(entry.event.eventId, entry);
    }
  }
  return [...first.values()];
}

/** The span of an event that turns out to be handled already is never ended, and so never exported. */
function startEvent(tracing: Tracing, record: IncomingRecord, event: OrderEvent): EventInHand {
  const { eventId, eventType, news } = event;
  const span = tracing.startSpan(`process ${record.topic}`, event.traceparent, {
    kind: SpanKind.CONSUMER,
    attributes: {
      "messaging.system": "kafka",
      "messaging.destination.name": record.topic,
      "messaging.destination.partition.id": `${record.partition}`,
      "messaging.kafka.offset": `${record.offset}`,
      "messaging.consumer.group.name": ordersGroup,
      "messaging.message.id": eventId,
      "cloudevents.event_type": eventType,
      "ordermesh.order_id": record.key,
    },
  });
  if (news === undefined) {
    return { event, draft: undefined, span };
  }
  const { orderId, userId } = news;
  const draft = {
    eventId,
    eventType,
    orderId,
    userId,
    traceparent: traceparentOf(span),
    textMessage: textMessageOf(news),
    ...notificationText(news),
  };
  return { event, draft, span };
}
