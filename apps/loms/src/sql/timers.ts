import { arrayLiteral, type Queryable, type Tx, textArrayLiteral } from "@ordermesh/postgres/tx";

/** Which timers of an order: its kind, and the item that it is about (0: the order as a whole). */
export interface TimerName {
  /** The order or reservation. */
  readonly subjectId: bigint;
  /** "reservation_expiry", "payment_deadline", or the duration of the workflow that it waits for. */
  readonly kind: string;
  readonly sku: number;
  /** The version of the order whose step started it; if that is over, the timer does nothing. */
  readonly step: number;
}

export interface Timer extends TimerName {
  readonly dueAt: Date;
}

export function insertTimers(tx: Tx, timers: readonly Timer[]): void {
  if (timers.length === 0) {
    return;
  }
  tx.execute(
    `insert into timers (subject_id, kind, sku, step, due_at)
     select * from unnest($1::bigint[], $2::text[], $3::bigint[], $4::int[], $5::timestamptz[])`,
    [...nameColumns(timers), textArrayLiteral(timers.map((timer) => timer.dueAt.toISOString()))],
  );
}

/** Timers of reservations that are due, by the database's clock. They are gone when the transaction commits. */
export async function claimReservationTimers(tx: Tx, countMax: number): Promise<bigint[]> {
  const rows = await tx.query<{ subject_id: bigint }>(
    `delete from timers
     where (kind, due_at, subject_id, sku) in (
       select kind, due_at, subject_id, sku from timers where due_at <= now() and kind = 'reservation_expiry'
       order by due_at limit $1 for update skip locked
     )
     returning subject_id`,
    [countMax],
  );
  return rows.map((row) => row.subject_id);
}

/** Which of these kinds have a timer that is due. One probe of the index each, however many timers wait. */
export async function findDueKinds(db: Queryable, kinds: readonly string[]): Promise<string[]> {
  const rows = await db.query<{ kind: string }>(
    `select kind from unnest($1::text[]) as k (kind)
     where exists (select from timers where timers.kind = k.kind and due_at <= now())`,
    [textArrayLiteral(kinds)],
  );
  return rows.map((row) => row.kind);
}

/**
 * Takes timers of orders that are due, by the database's clock, and locks their orders; those whose order somebody else
 * has in hand are left for the next look. Timers are only ever changed by whoever has locked their order, so what was
 * put off or stopped meanwhile is seen here. They are gone when the transaction of their effect commits, and back when
 * it does not.
 */
export async function claimDueTimers(tx: Tx, kind: string, countMax: number): Promise<Timer[]> {
  const candidates = await tx.query<{ subject_id: bigint; sku: bigint; due_at: string }>(
    `select t.subject_id, t.sku, t.due_at::text as due_at from timers t join orders o on o.id = t.subject_id
     where t.kind = $1 and t.due_at <= now()
     order by t.due_at limit $2 for no key update of o skip locked`,
    [kind, countMax],
  );
  if (candidates.length === 0) {
    return [];
  }
  // By their whole keys: a condition on what is due would look at all of that once for each batch.
  const rows = await tx.query<TimerRow>(
    `delete from timers t
     using unnest($2::bigint[], $3::bigint[], $4::timestamptz[]) as c (subject_id, sku, due_at)
     where t.kind = $1 and t.due_at = c.due_at and t.subject_id = c.subject_id and t.sku = c.sku
     returning t.subject_id, t.kind, t.sku, t.step, t.due_at`,
    [
      kind,
      arrayLiteral(candidates.map((candidate) => candidate.subject_id)),
      arrayLiteral(candidates.map((candidate) => candidate.sku)),
      textArrayLiteral(candidates.map((candidate) => candidate.due_at)),
    ],
  );
  return rows.map(timerOf);
}

/** Puts off the timers of one kind of an order that are due, because they could not be fired. */
export async function postponeTimers(tx: Tx, kind: string, orderId: bigint, byMs: number): Promise<void> {
  await tx.query("select from orders where id = $1::bigint for no key update", [orderId.toString()]);
  tx.execute(
    `update timers set due_at = now() + $3::int * interval '1 millisecond', failures = failures + 1
     where kind = $1 and due_at <= now() and subject_id = $2::bigint`,
    [kind, orderId.toString(), byMs],
  );
}

interface TimerRow {
  readonly subject_id: bigint;
  readonly kind: string;
  readonly sku: bigint;
  readonly step: number;
  readonly due_at: Date;
}

function timerOf({ subject_id, kind, sku, step, due_at }: TimerRow): Timer {
  return { subjectId: subject_id, kind, sku: Number(sku), step, dueAt: due_at };
}

/** Takes timers away, under the lock of their orders. */
export function deleteTimers(tx: Tx, timers: readonly TimerName[]): void {
  if (timers.length === 0) {
    return;
  }
  tx.execute(`delete from timers t ${named}`, nameColumns(timers));
}

/** Stops the clocks of timers, which keep what is left of them, under the lock of their orders. */
export function holdTimers(tx: Tx, timers: readonly TimerName[]): void {
  if (timers.length === 0) {
    return;
  }
  tx.execute(
    `update timers t
     set remaining_ms = greatest(0, extract(epoch from t.due_at - now()) * 1000)::bigint, due_at = 'infinity'
     ${named.replace("using", "from")} and t.remaining_ms is null`,
    nameColumns(timers),
  );
}

/** Lets the clocks of held timers go on. */
export function resumeTimers(tx: Tx, timers: readonly TimerName[]): void {
  if (timers.length === 0) {
    return;
  }
  tx.execute(
    `update timers t set due_at = now() + t.remaining_ms * interval '1 millisecond', remaining_ms = null
     ${named.replace("using", "from")} and t.remaining_ms is not null`,
    nameColumns(timers),
  );
}

/** Puts timers off, held ones as well. */
export function extendTimers(tx: Tx, timers: readonly (TimerName & { readonly byMs: number })[]): void {
  if (timers.length === 0) {
    return;
  }
  tx.execute(
    `update timers t
     set due_at = t.due_at + n.by_ms * interval '1 millisecond', remaining_ms = t.remaining_ms + n.by_ms
     from unnest($1::bigint[], $2::text[], $3::bigint[], $4::int[], $5::bigint[]) as n (subject_id, kind, sku, step, by_ms)
     where ${isNamed}`,
    [...nameColumns(timers), arrayLiteral(timers.map(({ byMs }) => byMs))],
  );
}

const isNamed =
  "t.subject_id = n.subject_id and t.kind = n.kind and t.sku = n.sku and t.step = n.step and t.kind <> 'payment_deadline'";

/** The condition on `kind` lets the index by subject be used, which payment deadlines are not in. */
const named = `using unnest($1::bigint[], $2::text[], $3::bigint[], $4::int[]) as n (subject_id, kind, sku, step)
  where ${isNamed}`;

function nameColumns(timers: readonly TimerName[]): string[] {
  return [
    arrayLiteral(timers.map((timer) => timer.subjectId)),
    textArrayLiteral(timers.map((timer) => timer.kind)),
    arrayLiteral(timers.map((timer) => timer.sku)),
    arrayLiteral(timers.map((timer) => timer.step)),
  ];
}

/** A timer as it waits. */
export interface WaitingTimer extends TimerName {
  /** Undefined while it stands still. */
  readonly dueAt: Date | undefined;
}

type WaitingRow = Omit<TimerRow, "due_at"> & { readonly due_at: Date | null };

function waitingOf({ due_at, ...row }: WaitingRow): WaitingTimer {
  const { dueAt: _, ...name } = timerOf({ ...row, due_at: new Date(0) });
  return { ...name, dueAt: due_at ?? undefined };
}

/** The timers of one order, but for its payment deadline, which the order itself has. */
export async function findTimersOf(db: Queryable, orderId: bigint): Promise<WaitingTimer[]> {
  const rows = await db.query<WaitingRow>(
    `select subject_id, kind, sku, step, case when isfinite(due_at) then due_at end as due_at from timers
     where subject_id = $1::bigint and kind <> 'payment_deadline' order by timers.due_at, kind, sku limit 1000`,
    [orderId.toString()],
  );
  return rows.map(waitingOf);
}

/** Where a page of timers ended. */
export interface TimerPosition {
  /** As PostgreSQL writes it: to the microsecond, or "infinity". */
  readonly dueAt: string;
  readonly subjectId: bigint;
  readonly kind: string;
  readonly sku: number;
}

/**
 * Timers of orders, the next to fire first. Each kind is read by itself, in the order of the index, and stops at the
 * page's size.
 */
export async function listTimers(
  db: Queryable,
  kinds: readonly string[],
  after: TimerPosition | undefined,
  countMax: number,
): Promise<(WaitingTimer & { readonly position: TimerPosition })[]> {
  const rows = await db.query<WaitingRow & { place: string }>(
    `select page.* from unnest($1::text[]) as wanted (kind)
     cross join lateral (
       select subject_id, t.kind, sku, step, case when isfinite(due_at) then due_at end as due_at, t.due_at as due,
         t.due_at::text as place
       from timers t
       where t.kind = wanted.kind and t.due_at >= $2::text::timestamptz
         and (t.due_at, t.subject_id, t.kind, t.sku) > ($2::text::timestamptz, $3::bigint, $4::text, $5::bigint)
       order by t.due_at, t.subject_id, t.sku limit $6
     ) as page
     order by page.due, page.subject_id, page.kind, page.sku limit $6`,
    [
      textArrayLiteral(kinds),
      after?.dueAt ?? "-infinity",
      `${after?.subjectId ?? 0n}`,
      after?.kind ?? "",
      after?.sku ?? 0,
      countMax,
    ],
  );
  return rows.map((row) => ({
    ...waitingOf(row),
    position: { dueAt: row.place, subjectId: row.subject_id, kind: row.kind, sku: Number(row.sku) },
  }));
}
