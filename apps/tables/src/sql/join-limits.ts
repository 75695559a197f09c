import type { Tx } from "@ordermesh/postgres/tx";
import type { LimitedSubject } from "../domain/join-limit.ts";

/**
 * Counts a try, unless there were too many.
 *
 * @returns how long to wait for the next one; 0 if this one was counted.
 */
export async function countTry(tx: Tx, { subject, triesMax, everyMs }: LimitedSubject): Promise<number> {
  const counted = await tx.query(
    `insert into join_limits as l (subject, free_at)
     values ($1::bytea, clock_timestamp() + $2::bigint * interval '1 millisecond')
     on conflict (subject) do update
       set free_at = greatest(l.free_at, clock_timestamp()) + $2::bigint * interval '1 millisecond'
       where l.free_at <= clock_timestamp() + $3::bigint * interval '1 millisecond'
     returning 1`,
    [subject, everyMs, (triesMax - 1) * everyMs],
  );
  if (counted.length > 0) {
    return 0;
  }
  const [row] = await tx.query<{ wait_ms: number }>(
    `select extract(epoch from free_at - clock_timestamp())::float8 * 1000 - $2::bigint as wait_ms
     from join_limits where subject = $1::bytea`,
    [subject, (triesMax - 1) * everyMs],
  );
  return Math.max(1, row?.wait_ms ?? 1);
}

/** Takes back a try that was right. */
export function uncountTry(tx: Tx, { subject, everyMs }: LimitedSubject): void {
  tx.execute(
    `update join_limits set free_at = free_at - $2::bigint * interval '1 millisecond' where subject = $1::bytea`,
    [subject, everyMs],
  );
}

/** Removes what limits nobody any more. */
export function deleteFreeLimits(tx: Tx, countMax: number): void {
  tx.execute(
    `delete from join_limits where subject in
       (select subject from join_limits where free_at < clock_timestamp() order by free_at limit $1::int
        for update skip locked)`,
    [countMax],
  );
}
