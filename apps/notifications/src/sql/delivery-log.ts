import type { Queryable, Tx } from "@ordermesh/postgres/tx";
import { deliveryTarget } from "../domain/delivery-target.ts";
import type { Channel, Delivery, DeliveryStatus } from "../domain/notification.ts";

export interface DeliveryFilter {
  /** 0: of all users. */
  readonly userId: bigint;
  /** 0: of all orders. */
  readonly orderId: bigint;
  readonly status: DeliveryStatus | undefined;
  readonly channel: Channel | undefined;
}

interface LogRow {
  readonly id: bigint;
  readonly notification_id: bigint;
  readonly channel: Channel;
  readonly status: DeliveryStatus;
  readonly attempts: number;
  readonly last_error: string;
  readonly created_at: Date;
  readonly next_attempt_at: Date | null;
  readonly user_id: bigint;
  readonly order_id: bigint;
  readonly title: string;
  readonly email_address: string;
  readonly webhook_url: string;
  readonly mobile: string;
}

const selectLog = `select d.id, d.notification_id, d.channel, d.status, d.attempts, d.last_error, d.created_at,
    d.next_attempt_at, d.user_id, n.order_id, n.title,
    coalesce(p.email_address, '') as email_address, coalesce(p.webhook_url, '') as webhook_url,
    coalesce(t.mobile, '') as mobile
  from deliveries d
  join notifications n on n.id = d.notification_id
  left join preferences p on p.user_id = d.user_id
  left join text_messages t on t.notification_id = d.notification_id`;

/** In the text of the statement and no parameter, so that the index of those that failed is used. */
const statusConditions: Readonly<Record<DeliveryStatus, string>> = {
  pending: "and d.status = 'pending'",
  delivered: "and d.status = 'delivered'",
  failed: "and d.status = 'failed'",
};

/**
 * Deliveries, newest first.
 *
 * @param before the last one of the page before.
 */
export async function listDeliveries(
  db: Queryable,
  { userId, orderId, status, channel }: DeliveryFilter,
  before: bigint | undefined,
  countMax: number,
): Promise<Delivery[]> {
  const rows = await db.query<LogRow>(
    `${selectLog}
     where d.id < $1::bigint
       ${userId === 0n ? "and $4::bigint = 0" : "and d.user_id = $4::bigint"}
       ${orderId === 0n ? "and $5::bigint = 0" : "and n.order_id = $5::bigint"}
       ${status === undefined ? "" : statusConditions[status]}
       and ($3::text = '' or d.channel::text = $3::text)
     order by d.id desc limit $2::int`,
    [`${before ?? 9_223_372_036_854_775_807n}`, countMax, channel ?? "", `${userId}`, `${orderId}`],
  );
  return rows.map(deliveryOf);
}

/** @returns undefined if there is none. */
export async function findDelivery(db: Queryable, id: bigint): Promise<Delivery | undefined> {
  const [row] = await db.query<LogRow>(`${selectLog} where d.id = $1::bigint`, [`${id}`]);
  return row && deliveryOf(row);
}

/**
 * Has a delivery tried again from the first try on. One that somebody has in hand is left alone: how that try ends could not
 * be told from how the first of the new ones does.
 *
 * @returns whether it was.
 */
export async function restartDelivery(tx: Tx, id: bigint): Promise<boolean> {
  const rows = await tx.query(
    `update deliveries set status = 'pending', attempts = 0, last_error = '', next_attempt_at = now(), claimed_until = null
     where id = $1::bigint and (claimed_until is null or claimed_until < now()) returning id`,
    [`${id}`],
  );
  return rows.length > 0;
}

function deliveryOf(row: LogRow): Delivery {
  return {
    id: row.id,
    notificationId: row.notification_id,
    channel: row.channel,
    status: row.status,
    attempts: row.attempts,
    lastError: row.last_error,
    createdAt: row.created_at,
    nextAttemptAt: row.next_attempt_at ?? undefined,
    userId: row.user_id,
    orderId: row.order_id,
    title: row.title,
    target: deliveryTarget(row.channel, {
      emailAddress: row.email_address,
      webhookUrl: row.webhook_url,
      mobile: row.mobile,
    }),
  };
}
