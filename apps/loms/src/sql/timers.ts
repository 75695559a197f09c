import { arrayLiteral, type Tx, textArrayLiteral } from "@ordermesh/postgres/tx";

export type TimerKind = "payment_deadline" | "reservation_expiry";

export interface Timer {
  /** The order or reservation. */
  readonly subjectId: bigint;
  readonly kind: TimerKind;
  /** The version of the order that started it; if the order has moved on, the timer does nothing. */
  readonly step: number;
  readonly dueAt: Date;
}

export function insertTimers(tx: Tx, timers: readonly Timer[]): void {
  if (timers.length === 0) {
    return;
  }
  tx.execute(
    `insert into timers (subject_id, kind, step, due_at)
     select * from unnest($1::bigint[], $2::text[], $3::int[], $4::timestamptz[])`,
    [
      arrayLiteral(timers.map((timer) => timer.subjectId)),
      textArrayLiteral(timers.map((timer) => timer.kind)),
      arrayLiteral(timers.map((timer) => timer.step)),
      textArrayLiteral(timers.map((timer) => timer.dueAt.toISOString())),
    ],
  );
}

/**
 * Takes timers of one kind that are due, by the database's clock; those that another replica has in hand are skipped. They are
 * gone when the transaction of their effect commits, and back when it does not.
 */
export async function claimDueTimers(tx: Tx, kind: TimerKind, countMax: number): Promise<Timer[]> {
  const rows = await tx.query<{ subject_id: bigint; kind: TimerKind; step: number; due_at: Date }>(
    `delete from timers
     where (due_at, subject_id, kind) in (
       select due_at, subject_id, kind from timers where due_at <= now() and kind = $1
       order by due_at limit $2 for update skip locked
     )
     returning subject_id, kind, step, due_at`,
    [kind, countMax],
  );
  return rows.map((row) => ({
    subjectId: row.subject_id,
    kind: row.kind,
    step: row.step,
    dueAt: row.due_at,
  }));
}
