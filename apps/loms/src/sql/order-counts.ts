import { type Queryable, textArrayLiteral } from "@ordermesh/postgres/tx";
import { timerNames } from "../workflows/names.ts";

/** Orders that await payment and reservations that are held, counted up to a bound so that a scrape stays cheap. */
export async function countOpenReservations(db: Queryable): Promise<number> {
  const [row] = await db.query<{ count: bigint }>(
    `select (select count(*) from (select from orders where status = 'awaiting_payment' limit 100000) as open_orders)
       + (select count(*) from (select from reservations where status = 'held' limit 100000) as held) as count`,
  );
  return Number(row?.count ?? 0);
}

/** Timers that should have fired at least five seconds ago. By kind, as the index has them. */
export async function countOrdersPastDeadline(db: Queryable): Promise<number> {
  const [row] = await db.query<{ count: bigint }>(
    `select count(*) as count from unnest($1::text[]) as k (kind)
     cross join lateral (
       select from timers where timers.kind = k.kind and due_at < now() - interval '5 seconds' limit 100000
     ) as late`,
    [textArrayLiteral([...timerNames, "reservation_expiry"])],
  );
  return Number(row?.count ?? 0);
}
