import type { MessageInitShape } from "@bufbuild/protobuf";
import { Failure } from "@ordermesh/failure/failure";
import type { Database } from "@ordermesh/postgres/database";
import {
  NotificationsService,
  type WatchNotificationsRequest,
  type WatchNotificationsResponseSchema,
} from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { type BoundService, bindService } from "@ordermesh/rpc/bound-service";
import { callOf } from "@ordermesh/rpc/call";
import type { Channel } from "../domain/notification.ts";
import type { WebhookRules } from "../domain/webhook-url.ts";
import type { NotificationFeed } from "../notification-feed.ts";
import { getPreferences, setPreferences } from "../preferences.ts";
import { resendDelivery } from "../resend-delivery.ts";
import { listDeliveries } from "../sql/delivery-log.ts";
import { listNotifications } from "../sql/notifications.ts";
import {
  channelOf,
  deliveryMessage,
  notificationMessage,
  preferencesMessage,
  preferencesOf,
  statusOf,
} from "./messages.ts";
import { readPage } from "./pages.ts";

export interface NotificationsHandlers {
  readonly database: Database;
  readonly feed: NotificationFeed;
  readonly webhookRules: WebhookRules;
  /** Tells that there is something to deliver. */
  readonly wakeDeliveries: (channels: readonly Channel[]) => void;
}

export function bindNotificationsService({
  database,
  feed,
  webhookRules,
  wakeDeliveries,
}: NotificationsHandlers): BoundService {
  return bindService(NotificationsService, {
    async listNotifications(request) {
      const { userId, orderId } = request;
      if (userId === 0n && orderId === 0n) {
        throw nobodyNamed();
      }
      const { rows, nextPageToken } = await readPage(request, (before, countMax) =>
        database.read((db) => listNotifications(db, { userId, orderId }, before, countMax)),
      );
      return { notifications: rows.map(notificationMessage), nextPageToken };
    },

    watchNotifications: (request, context) => watchResponses(feed, request, callOf(context).signal),

    async getPreferences({ userId }) {
      const preferences = await database.read((db) => getPreferences(db, userId));
      return { preferences: preferencesMessage(preferences) };
    },

    async setPreferences({ preferences }) {
      const stored = await database.transaction((tx) =>
        setPreferences(tx, preferencesOf(preferences!), webhookRules),
      );
      return { preferences: preferencesMessage(stored) };
    },

    async listDeliveries(request) {
      const { userId, orderId } = request;
      const filter = { status: statusOf(request.status), channel: channelOf(request.channel) };
      const { rows, nextPageToken } = await readPage(
        request,
        (before, countMax) =>
          database.read((db) => listDeliveries(db, { userId, orderId, ...filter }, before, countMax)),
        filter,
      );
      return { deliveries: rows.map(deliveryMessage), nextPageToken };
    },

    async resendDelivery({ deliveryId }) {
      const delivery = await resendDelivery(database, deliveryId);
      wakeDeliveries([delivery.channel]);
      return { delivery: deliveryMessage(delivery) };
    },
  });
}

function nobodyNamed(): Failure {
  const description = "has to be given, or order_id";
  return new Failure("invalid_argument", `user_id: ${description}.`, {
    reason: "INVALID_REQUEST",
    fieldViolations: [{ field: "user_id", description }],
  });
}

/** This stream has no message that says "read everything anew", so a cursor that can not be resumed from is refused. */
async function* watchResponses(
  feed: NotificationFeed,
  { userId, cursor }: WatchNotificationsRequest,
  signal: AbortSignal,
): AsyncGenerator<MessageInitShape<typeof WatchNotificationsResponseSchema>> {
  for await (const message of feed.watch(cursor, userId, signal)) {
    if (message.kind === "resync") {
      throw new Failure(
        "failed_precondition",
        `${message.reason} List the notifications and watch again without a cursor.`,
        { reason: "CURSOR_EXPIRED" },
      );
    }
    yield {
      cursor: message.cursor,
      notification: message.kind === "change" ? notificationMessage(message.entry) : undefined,
    };
  }
}
