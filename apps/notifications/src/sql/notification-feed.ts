import type { FeedPosition } from "@ordermesh/feed/feed-cursor";
import type { FeedRange } from "@ordermesh/feed/feed-source";
import type { Queryable } from "@ordermesh/postgres/tx";
import type { Notification } from "../domain/notification.ts";
import { type NotificationRow, notificationColumns, notificationOf } from "./notifications.ts";

export interface FeedEntry extends Notification {
  readonly transactionId: bigint;
}

/** Notifications of one user, or of all, in the order of the feed. Each kind has an index of its own. */
export async function readFeed(
  db: Queryable,
  range: FeedRange,
  userId: bigint | undefined,
): Promise<FeedEntry[]> {
  const rows = await db.query<NotificationRow & { transaction_id: string }>(
    `select ${notificationColumns}, transaction_id::text from notifications
     where (transaction_id, id) > ($1::xid8, $2::bigint) and transaction_id < $3::xid8
       ${userId === undefined ? "" : "and user_id = $5::bigint"}
     order by notifications.transaction_id, id limit $4`,
    [
      `${range.after.transactionId}`,
      `${range.after.subjectId}`,
      `${range.endId}`,
      range.countMax,
      ...(userId === undefined ? [] : [`${userId}`]),
    ],
  );
  return rows.map((row) => ({ ...notificationOf(row), transactionId: BigInt(row.transaction_id) }));
}

/** How many of a user's notifications lie after a position, counted up to a bound. */
export async function countFeed(
  db: Queryable,
  after: FeedPosition,
  countMax: number,
  userId: bigint,
): Promise<number> {
  const [row] = await db.query<{ count: bigint }>(
    `select count(*) as count from (
       select from notifications where user_id = $1::bigint and transaction_id > $2::xid8 limit $3
     ) as bounded`,
    [`${userId}`, `${after.transactionId}`, countMax],
  );
  return Number(row?.count ?? 0);
}
