import type { VoucherMessage } from "./text-message.ts";

/** The words of this service. Everything is read-only; ids are bigint because their wire type is int64. */

export type Channel = "log" | "email" | "webhook" | "sms";
export type DeliveryStatus = "pending" | "delivered" | "failed";

export interface NotificationText {
  /** One line. */
  readonly title: string;
  readonly body: string;
}

/** A notification that is to be made. */
export interface NotificationDraft extends NotificationText {
  readonly eventId: string;
  readonly eventType: string;
  readonly userId: bigint;
  readonly orderId: bigint;
  /** The parent of its deliveries. */
  readonly traceparent: string;
  /** Set if its user is to get a text message as well. */
  readonly textMessage: VoucherMessage | undefined;
}

export interface Notification extends NotificationText {
  readonly id: bigint;
  readonly eventId: string;
  readonly eventType: string;
  readonly userId: bigint;
  readonly orderId: bigint;
  readonly createdAt: Date;
}

export interface Delivery {
  readonly id: bigint;
  readonly notificationId: bigint;
  readonly channel: Channel;
  readonly status: DeliveryStatus;
  readonly attempts: number;
  readonly lastError: string;
  readonly createdAt: Date;
  /** Undefined once there will be none. */
  readonly nextAttemptAt: Date | undefined;
  readonly userId: bigint;
  readonly orderId: bigint;
  /** Of the notification. */
  readonly title: string;
  /** Where it goes, as far as it may be told; empty where the user does not want it any more. */
  readonly target: string;
}
