import { arrayLiteral, type Tx, textArrayLiteral } from "@ordermesh/postgres/tx";
import type { Channel, DeliveryStatus, Notification } from "../domain/notification.ts";
import type { VoucherMessage } from "../domain/text-message.ts";
import { type NotificationRow, notificationOf } from "./notifications.ts";

/** A delivery that this process has in hand, with all that is needed to make it. */
export interface ClaimedDelivery {
  readonly id: bigint;
  /** Which try this is: 1 is the first. */
  readonly attempt: number;
  readonly notification: Notification;
  readonly traceparent: string;
  /** As the user's preferences are now. Empty: not wanted any more. */
  readonly emailAddress: string;
  readonly webhookUrl: string;
  readonly webhookSecret: string;
  readonly smsDisabled: boolean;
  /** Of a notification that is worth one. */
  readonly textMessage: VoucherMessage | undefined;
}

export interface ClaimOptions {
  readonly channel: Channel;
  readonly countMax: number;
  /** The most deliveries to one user, so that a receiver that hangs does not hold up everybody else. */
  readonly perUserMax: number;
  /** Users that have deliveries in hand. */
  readonly busyUserIds: readonly bigint[];
  /** How long others keep away from what is claimed. */
  readonly leaseMs: number;
}

/** Rows that one claim looks at; enough to find other users behind one that has many. */
const windowMax = 500;

/**
 * Takes deliveries that are due, by the database's clock. Those that another process has in hand are skipped until
 * its lease is over. The try is counted here, so that a delivery that kills its process is not tried for ever.
 */
export async function claimDeliveries(tx: Tx, options: ClaimOptions): Promise<ClaimedDelivery[]> {
  const rows = await tx.query<ClaimRow>(
    `with due as (
       select id, user_id, next_attempt_at from deliveries
       where channel = $1::channel and status = 'pending' and next_attempt_at <= now()
         and (claimed_until is null or claimed_until < now())
         and user_id <> all ($2::bigint[])
       order by next_attempt_at, id limit $3
       for update skip locked
     ), ranked as (
       select id, next_attempt_at,
         row_number() over (partition by user_id order by next_attempt_at, id) as rank
       from due
     ), chosen as (
       select id from ranked where rank <= $4::int order by next_attempt_at, id limit $5
     ), claimed as (
       update deliveries set attempts = attempts + 1, claimed_until = now() + $6::int * interval '1 millisecond'
       from chosen where deliveries.id = chosen.id
       returning deliveries.id as delivery_id, attempts, notification_id, deliveries.user_id
     )
     select delivery_id, attempts, traceparent, notifications.*,
       coalesce(email_address, '') as email_address,
       coalesce(webhook_url, '') as webhook_url,
       coalesce(webhook_secret, '') as webhook_secret,
       coalesce(sms_disabled, false) as sms_disabled,
       mobile, article, sealed_code, valid_until, other_codes
     from claimed
     join notifications on notifications.id = claimed.notification_id
     left join text_messages on text_messages.notification_id = claimed.notification_id
     left join preferences on preferences.user_id = claimed.user_id
     order by delivery_id`,
    [
      options.channel,
      arrayLiteral(options.busyUserIds),
      Math.max(windowMax, options.countMax),
      options.perUserMax,
      options.countMax,
      options.leaseMs,
    ],
  );
  return rows.map((row) => ({
    id: row.delivery_id,
    attempt: row.attempts,
    notification: notificationOf(row),
    traceparent: row.traceparent,
    emailAddress: row.email_address,
    webhookUrl: row.webhook_url,
    webhookSecret: row.webhook_secret,
    smsDisabled: row.sms_disabled,
    textMessage: row.mobile === null ? undefined : textMessageOf(row),
  }));
}

function textMessageOf(row: TextMessageRow): VoucherMessage {
  return {
    mobile: row.mobile,
    article: row.article,
    sealedCode: row.sealed_code,
    validUntil: row.valid_until,
    otherCodes: row.other_codes,
  };
}

interface TextMessageRow {
  readonly mobile: string;
  readonly article: string;
  readonly sealed_code: Uint8Array;
  readonly valid_until: Date;
  readonly other_codes: number;
}

type ClaimRow = DeliveryRow & (TextMessageRow | { readonly mobile: null });

interface DeliveryRow extends NotificationRow {
  readonly delivery_id: bigint;
  readonly attempts: number;
  readonly traceparent: string;
  readonly email_address: string;
  readonly webhook_url: string;
  readonly webhook_secret: string;
  readonly sms_disabled: boolean;
}

/** How a try ended. */
export interface Settlement {
  readonly id: bigint;
  readonly attempt: number;
  readonly status: DeliveryStatus;
  readonly error: string;
  /** Until the next try, of one that is still pending. */
  readonly retryAfterMs: number;
}

/** Notes how tries ended. One whose lease was over, so that another process has begun the next try, changes nothing. */
export function settleDeliveries(tx: Tx, settlements: readonly Settlement[]): void {
  if (settlements.length === 0) {
    return;
  }
  tx.execute(
    `update deliveries set
       status = settled.status,
       last_error = settled.error,
       claimed_until = null,
       next_attempt_at =
         case when settled.status = 'pending' then now() + settled.retry_ms * interval '1 millisecond' end
     from unnest($1::bigint[], $2::int[], $3::delivery_status[], $4::text[], $5::int[])
       as settled (id, attempt, status, error, retry_ms)
     where deliveries.id = settled.id and deliveries.attempts = settled.attempt and deliveries.status = 'pending'`,
    [
      arrayLiteral(settlements.map(({ id }) => id)),
      arrayLiteral(settlements.map(({ attempt }) => attempt)),
      arrayLiteral(settlements.map(({ status }) => status)),
      textArrayLiteral(settlements.map(({ error }) => error)),
      arrayLiteral(settlements.map(({ retryAfterMs }) => Math.round(retryAfterMs))),
    ],
  );
}
