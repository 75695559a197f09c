import type { MessageInitShape } from "@bufbuild/protobuf";
import { type CallOptions, createClient, type Transport } from "@connectrpc/connect";
import type { TopicUpdateSchema } from "@ordermesh/proto/ordermesh/feed/v1/feed_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { NotificationsService } from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { TablesService, type WatchSessionResponse } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import type { Topic } from "./topic-name.ts";

/** One message of a topic, in the feed's own form. */
export interface TopicMessage {
  /** To go on after it. */
  readonly cursor: string;
  readonly what: NonNullable<MessageInitShape<typeof TopicUpdateSchema>["what"]>;
}

/** Where the messages of one topic come from. */
export interface TopicStream {
  /** The service behind it, for what is said when it is away. */
  readonly upstream: FeedUpstream;
  /** Whether there is a last message, after which the service ends the stream. */
  readonly endsByItself: boolean;
  /** From a cursor on; an empty one: from now on. Ends with the signal. */
  open(cursor: string, options: CallOptions): AsyncIterable<TopicMessage>;
}

export type FeedUpstream = "loms" | "notifications" | "tables";

/** Finds the stream of a topic, for a caller whose id is 0 if it is no user. */
export type StreamOf = (topic: Topic, userId: bigint) => TopicStream;

const checkpoint: TopicMessage["what"] = { case: "checkpoint", value: {} };

export function createTopicStreams(transports: Readonly<Record<FeedUpstream, Transport>>): StreamOf {
  const orders = orderStreams(transports.loms);
  const newNotifications = notificationStreams(transports.notifications);
  const tables = tableStreams(transports.tables);
  return (topic, userId) => {
    switch (topic.kind) {
      case "order":
        return orders({ orderId: topic.orderId });
      case "orders":
        return orders(topic.ownOnly ? { userId } : {});
      case "notifications":
        return newNotifications(userId);
      case "session":
        return tables.session(topic);
      case "location":
        return tables.location(topic.locationId);
    }
  };
}

function orderStreams(transport: Transport) {
  const client = createClient(LomsService, transport);
  return (of: { readonly userId?: bigint; readonly orderId?: bigint }): TopicStream => ({
    upstream: "loms",
    endsByItself: false,
    async *open(position, options) {
      for await (const { cursor, update } of client.watchOrders({ ...of, cursor: position }, options)) {
        const isChange = update.case === "change";
        yield { cursor, what: isChange ? { case: "order", value: update.value } : mark(update) };
      }
    },
  });
}

function notificationStreams(transport: Transport) {
  const client = createClient(NotificationsService, transport);
  return (userId: bigint): TopicStream => ({
    upstream: "notifications",
    endsByItself: false,
    async *open(position, options) {
      const messages = client.watchNotifications({ userId, cursor: position }, options);
      for await (const { cursor, notification } of messages) {
        yield { cursor, what: notification ? { case: "notification", value: notification } : checkpoint };
      }
    },
  });
}

function tableStreams(transport: Transport) {
  const client = createClient(TablesService, transport);
  return {
    session: ({ sessionId, code }: { readonly sessionId: bigint; readonly code: string }): TopicStream => ({
      upstream: "tables",
      endsByItself: true,
      async *open(position, options) {
        const messages = client.watchSession({ sessionId, code, cursor: position }, options);
        for await (const { cursor, update } of messages) {
          yield { cursor, what: sessionUpdate(update) };
        }
      },
    }),

    location: (locationId: bigint): TopicStream => ({
      upstream: "tables",
      endsByItself: false,
      async *open(position, options) {
        const messages = client.watchLocation({ locationId, cursor: position }, options);
        for await (const { cursor, update } of messages) {
          const isChange = update.case === "change";
          yield { cursor, what: isChange ? { case: "sessionChange", value: update.value } : mark(update) };
        }
      },
    }),
  };
}

function sessionUpdate(update: WatchSessionResponse["update"]): TopicMessage["what"] {
  switch (update.case) {
    case "session":
      return { case: "session", value: update.value };
    case "change":
      return { case: "sessionChange", value: update.value };
    default:
      return checkpoint;
  }
}

function mark(update: { readonly case?: string; readonly value?: unknown }): TopicMessage["what"] {
  const { value } = update;
  return update.case === "resync" && typeof value === "object" && value !== null && "reason" in value
    ? { case: "resync", value: { reason: `${value.reason}` } }
    : checkpoint;
}
