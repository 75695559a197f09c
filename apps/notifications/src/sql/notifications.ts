import {
  arrayLiteral,
  bytesArrayLiteral,
  type Queryable,
  type Tx,
  textArrayLiteral,
} from "@ordermesh/postgres/tx";
import type { Channel, Notification, NotificationDraft } from "../domain/notification.ts";

export interface NotificationRow {
  readonly id: bigint;
  readonly event_id: string;
  readonly event_type: string;
  readonly user_id: bigint;
  readonly order_id: bigint;
  readonly title: string;
  readonly body: string;
  readonly created_at: Date;
}

export const notificationColumns = "id, event_id, event_type, user_id, order_id, title, body, created_at";

export function notificationOf(row: NotificationRow): Notification {
  return {
    id: row.id,
    eventId: row.event_id,
    eventType: row.event_type,
    userId: row.user_id,
    orderId: row.order_id,
    title: row.title,
    body: row.body,
    createdAt: row.created_at,
  };
}

/**
 * Makes notifications, in the order given, and queues their deliveries on those channels that are open and that
 * their users have chosen. A notification that is there already is left alone.
 *
 * @returns the ids of the events whose notification was made, and the channels on which something is to be delivered.
 */
export async function insertNotifications(
  tx: Tx,
  drafts: readonly NotificationDraft[],
  openChannels: readonly Channel[],
): Promise<{ readonly eventIds: ReadonlySet<string>; readonly channels: readonly Channel[] }> {
  const texts = drafts.flatMap(({ eventId, textMessage }) =>
    textMessage === undefined ? [] : [{ eventId, message: textMessage }],
  );
  const rows = await tx.query<{ event_id: string; channels: Channel[] }>(
    `with made as (
       insert into notifications (event_id, event_type, user_id, order_id, title, body, traceparent)
       select event_id, event_type, user_id, order_id, title, body, traceparent
       from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[])
         with ordinality as draft (event_id, event_type, user_id, order_id, title, body, traceparent, position)
       order by position
       on conflict (event_id, user_id) do nothing
       returning id, event_id, user_id
     ), texted as (
       insert into text_messages (notification_id, mobile, article, sealed_code, valid_until, other_codes)
       select made.id, mobile, article, sealed_code, valid_until, other_codes
       from unnest($9::text[], $10::text[], $11::text[], $12::bytea[], $13::timestamptz[], $14::int[])
         as text (event_id, mobile, article, sealed_code, valid_until, other_codes)
       join made using (event_id)
       returning notification_id
     ), queued as (
       insert into deliveries (notification_id, user_id, channel)
       select made.id, made.user_id, chosen.channel
       from made
       left join preferences using (user_id)
       left join texted on texted.notification_id = made.id
       cross join lateral (values
         ('log'::channel, true),
         ('email', preferences.email_address <> ''),
         ('webhook', preferences.webhook_url <> ''),
         ('sms', texted.notification_id is not null and preferences.sms_disabled is not true)
       ) as chosen (channel, wanted)
       where chosen.wanted and chosen.channel = any($8::channel[])
       order by made.id, chosen.channel
       returning channel
     )
     select event_id, (select coalesce(json_agg(distinct channel), '[]') from queued) as channels from made`,
    [
      textArrayLiteral(drafts.map((draft) => draft.eventId)),
      textArrayLiteral(drafts.map((draft) => draft.eventType)),
      arrayLiteral(drafts.map((draft) => draft.userId)),
      arrayLiteral(drafts.map((draft) => draft.orderId)),
      textArrayLiteral(drafts.map((draft) => draft.title)),
      textArrayLiteral(drafts.map((draft) => draft.body)),
      textArrayLiteral(drafts.map((draft) => draft.traceparent)),
      arrayLiteral(openChannels),
      textArrayLiteral(texts.map(({ eventId }) => eventId)),
      textArrayLiteral(texts.map(({ message }) => message.mobile)),
      textArrayLiteral(texts.map(({ message }) => message.article)),
      bytesArrayLiteral(texts.map(({ message }) => message.sealedCode)),
      textArrayLiteral(texts.map(({ message }) => message.validUntil.toISOString())),
      arrayLiteral(texts.map(({ message }) => message.otherCodes)),
    ],
  );
  return { eventIds: new Set(rows.map((row) => row.event_id)), channels: rows[0]?.channels ?? [] };
}

/** One of the two at least. */
export interface NotificationFilter {
  /** 0: of all users. */
  readonly userId: bigint;
  /** 0: of all orders. */
  readonly orderId: bigint;
}

/**
 * Notifications of a user, of an order, or of both, newest first.
 *
 * @param before the last one of the page before.
 */
export async function listNotifications(
  db: Queryable,
  { userId, orderId }: NotificationFilter,
  before: bigint | undefined,
  countMax: number,
): Promise<Notification[]> {
  const rows = await db.query<NotificationRow>(
    `select ${notificationColumns} from notifications
     where id < $1::bigint
       ${userId === 0n ? "and $3::bigint = 0" : "and user_id = $3::bigint"}
       ${orderId === 0n ? "and $4::bigint = 0" : "and order_id = $4::bigint"}
     order by id desc limit $2`,
    [`${before ?? 9_223_372_036_854_775_807n}`, countMax, `${userId}`, `${orderId}`],
  );
  return rows.map(notificationOf);
}
