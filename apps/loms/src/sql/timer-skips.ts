import type { Queryable, Tx } from "@ordermesh/postgres/tx";
import type { TimerName } from "./timers.ts";

/** A timer that somebody took away. */
export interface TimerSkip extends TimerName {
  readonly skippedAt: Date;
  /** "user:7". */
  readonly actor: string;
  readonly reason: string;
}

export function insertTimerSkip(tx: Tx, skip: Omit<TimerSkip, "skippedAt">): void {
  tx.execute(
    `insert into timer_skips (order_id, kind, sku, step, actor, reason)
     values ($1::bigint, $2, $3::bigint, $4::int, $5, $6)`,
    [`${skip.subjectId}`, skip.kind, skip.sku, skip.step, skip.actor, skip.reason],
  );
}

/** Those of an order, the oldest first. It has few: each is a timer of a step, which is started once. */
export async function findTimerSkips(db: Queryable, orderId: bigint): Promise<TimerSkip[]> {
  const rows = await db.query<{
    order_id: bigint;
    kind: string;
    sku: bigint;
    step: number;
    skipped_at: Date;
    actor: string;
    reason: string;
  }>(
    `select order_id, kind, sku, step, skipped_at, actor, reason from timer_skips
     where order_id = $1::bigint order by skipped_at, kind, sku limit 1000`,
    [`${orderId}`],
  );
  return rows.map(({ order_id, skipped_at, sku, ...skip }) => ({
    ...skip,
    subjectId: order_id,
    sku: Number(sku),
    skippedAt: skipped_at,
  }));
}
