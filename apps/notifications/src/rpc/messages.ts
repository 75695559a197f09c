import { create, toJsonString } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  Channel as ChannelMessage,
  type Delivery as DeliveryMessage,
  DeliverySchema,
  DeliveryStatus as DeliveryStatusMessage,
  type Notification as NotificationMessage,
  NotificationSchema,
  type Preferences as PreferencesMessage,
  PreferencesSchema,
} from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { attemptsMax } from "../domain/delivery-tries.ts";
import type { Channel, Delivery, DeliveryStatus, Notification } from "../domain/notification.ts";
import type { Preferences } from "../domain/preferences.ts";

const channelMessages: Readonly<Record<Channel, ChannelMessage>> = {
  log: ChannelMessage.LOG,
  email: ChannelMessage.EMAIL,
  webhook: ChannelMessage.WEBHOOK,
  sms: ChannelMessage.SMS,
};

const statusMessages: Readonly<Record<DeliveryStatus, DeliveryStatusMessage>> = {
  pending: DeliveryStatusMessage.PENDING,
  delivered: DeliveryStatusMessage.DELIVERED,
  failed: DeliveryStatusMessage.FAILED,
};

export function notificationMessage(notification: Notification): NotificationMessage {
  return create(NotificationSchema, {
    notificationId: notification.id,
    userId: notification.userId,
    orderId: notification.orderId,
    eventType: notification.eventType,
    eventId: notification.eventId,
    title: notification.title,
    body: notification.body,
    createdTime: timestampFromDate(notification.createdAt),
  });
}

/** What a webhook gets: the message of the contract in protobuf's JSON form. */
export function notificationJson(notification: Notification): string {
  return toJsonString(NotificationSchema, notificationMessage(notification));
}

export function deliveryMessage(delivery: Delivery): DeliveryMessage {
  return create(DeliverySchema, {
    deliveryId: delivery.id,
    notificationId: delivery.notificationId,
    channel: channelMessages[delivery.channel],
    status: statusMessages[delivery.status],
    attempts: delivery.attempts,
    lastError: delivery.lastError,
    createdTime: timestampFromDate(delivery.createdAt),
    nextAttemptTime:
      delivery.nextAttemptAt === undefined ? undefined : timestampFromDate(delivery.nextAttemptAt),
    userId: delivery.userId,
    orderId: delivery.orderId,
    title: delivery.title,
    target: delivery.target,
    attemptsMax,
  });
}

/** @returns undefined for one that is not specified. */
export function channelOf(message: ChannelMessage): Channel | undefined {
  return (Object.keys(channelMessages) as Channel[]).find((channel) => channelMessages[channel] === message);
}

/** @returns undefined for one that is not specified. */
export function statusOf(message: DeliveryStatusMessage): DeliveryStatus | undefined {
  return (Object.keys(statusMessages) as DeliveryStatus[]).find(
    (status) => statusMessages[status] === message,
  );
}

/** Without the secret, which is never returned. */
export function preferencesMessage(preferences: Preferences): PreferencesMessage {
  const { userId, emailAddress, webhookUrl, smsDisabled } = preferences;
  return create(PreferencesSchema, { userId, emailAddress, webhookUrl, smsDisabled });
}

export function preferencesOf(message: PreferencesMessage): Preferences {
  const { userId, emailAddress, webhookUrl, webhookSecret, smsDisabled } = message;
  return { userId, emailAddress, webhookUrl, webhookSecret, smsDisabled };
}
