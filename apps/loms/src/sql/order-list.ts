import type { Queryable } from "@ordermesh/postgres/tx";
import type { Order, OrderStatus } from "../domain/order.ts";
import { findOrderLines, type OrderRow, orderColumns, orderOf } from "./orders.ts";

export interface OrderFilter {
  readonly userId: bigint | undefined;
  /** At least one. */
  readonly statuses: readonly OrderStatus[];
  /** Inclusive. */
  readonly createdFrom: Date | undefined;
  /** Exclusive. */
  readonly createdBefore: Date | undefined;
  readonly oldestFirst: boolean;
  /** Only those of which a refund is open. */
  readonly withOpenRefund: boolean;
}

/** The last order of the page before. */
export interface OrderPosition {
  readonly createdAt: Date;
  readonly id: bigint;
}

/**
 * One page of orders, by when they were created.
 *
 * Each status is read by itself, in the order of the index (status, created_at, id), and stops at the page's size;
 * only then are they merged. A condition over several statuses would make PostgreSQL read and sort all matching
 * orders. With a user, the index (user_id, created_at, id) gives the order and the status is only compared. Orders with
 * an open refund are found by the index of open refunds, of which there are few.
 */
export async function listOrders(
  db: Queryable,
  filter: OrderFilter,
  after: OrderPosition | undefined,
  countMax: number,
): Promise<Order[]> {
  const rows = await (filter.withOpenRefund
    ? withOpenRefund(db, filter, after, countMax)
    : filter.userId === undefined
      ? ofStatuses(db, filter, after, countMax)
      : ofUser(db, filter, after, countMax));
  const lines = await findOrderLines(
    db,
    rows.map((row) => row.id),
  );
  return rows.map((row) => orderOf(row, lines.get(row.id) ?? []));
}

/** Times go through text, because the driver turns its own kind of time parameter into a date, and infinity is none. */
function withinTime({ oldestFirst }: OrderFilter): string {
  return `created_at >= $2::text::timestamptz and created_at < $3::text::timestamptz
    and (created_at, id) ${oldestFirst ? ">" : "<"} ($4::text::timestamptz, $5::bigint)`;
}

function inOrder({ oldestFirst }: OrderFilter): string {
  return oldestFirst ? "order by created_at, id" : "order by created_at desc, id desc";
}

function timeParameters(filter: OrderFilter, after: OrderPosition | undefined): string[] {
  return [
    filter.createdFrom?.toISOString() ?? "-infinity",
    filter.createdBefore?.toISOString() ?? "infinity",
    after?.createdAt.toISOString() ?? (filter.oldestFirst ? "-infinity" : "infinity"),
    after?.id.toString() ?? "0",
  ];
}

function withOpenRefund(
  db: Queryable,
  filter: OrderFilter,
  after: OrderPosition | undefined,
  countMax: number,
): Promise<OrderRow[]> {
  return db.query<OrderRow>(
    `select ${orderColumns} from orders
     where id in (select order_id from refund_sheets where is_open)
       and ($1::bigint is null or user_id = $1::bigint) and ${withinTime(filter)} and status = any($6::order_status[])
     ${inOrder(filter)} limit $7`,
    [filter.userId ?? null, ...timeParameters(filter, after), `{${filter.statuses.join(",")}}`, countMax],
  );
}

function ofUser(
  db: Queryable,
  filter: OrderFilter,
  after: OrderPosition | undefined,
  countMax: number,
): Promise<OrderRow[]> {
  return db.query<OrderRow>(
    `select ${orderColumns} from orders
     where user_id = $1::bigint and ${withinTime(filter)} and status = any($6::order_status[])
     ${inOrder(filter)} limit $7`,
    [`${filter.userId}`, ...timeParameters(filter, after), `{${filter.statuses.join(",")}}`, countMax],
  );
}

async function ofStatuses(
  db: Queryable,
  filter: OrderFilter,
  after: OrderPosition | undefined,
  countMax: number,
): Promise<OrderRow[]> {
  return await db.query<OrderRow>(
    `select page.* from unnest($1::order_status[]) as wanted (status)
     cross join lateral (
       select ${orderColumns} from orders
       where orders.status = wanted.status and ${withinTime(filter)}
       ${inOrder(filter)} limit $6
     ) as page
     ${inOrder(filter)} limit $6`,
    [`{${filter.statuses.join(",")}}`, ...timeParameters(filter, after), countMax],
  );
}
