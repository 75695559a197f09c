import type { Queryable, Tx } from "@ordermesh/postgres/tx";
import type { Attempt, AttemptStatus } from "../domain/payment.ts";

interface AttemptRow {
  readonly id: bigint;
  readonly payment_id: bigint;
  readonly provider_key: string;
  readonly status: AttemptStatus;
  readonly decline_code: string;
  readonly amount_minor: bigint;
  readonly refund_requested_minor: bigint;
  readonly traceparent: string;
}

const columns =
  "id, payment_id, provider_key, status, decline_code, amount_minor, refund_requested_minor, traceparent";

function attemptOf(row: AttemptRow): Attempt {
  return {
    id: row.id,
    paymentId: row.payment_id,
    providerKey: row.provider_key,
    status: row.status,
    declineCode: row.decline_code,
    amountMinor: row.amount_minor,
    refundRequestedMinor: row.refund_requested_minor,
    traceparent: row.traceparent,
  };
}

/** @param checkAfterMs when the provider is to be asked what became of it, if that is not known by then. */
export async function insertAttempt(
  tx: Tx,
  attempt: {
    readonly paymentId: bigint;
    readonly number: number;
    readonly providerKey: string;
    readonly amountMinor: bigint;
    readonly traceparent: string;
    readonly checkAfterMs: number;
  },
): Promise<Attempt> {
  const [row] = await tx.query<AttemptRow>(
    `insert into payment_attempts (payment_id, number, provider_key, status, amount_minor, traceparent, next_check_at)
     values ($1::bigint, $2, $3, 'processing', $4::bigint, $5, clock_timestamp() + $6::int * interval '1 millisecond')
     returning ${columns}`,
    [
      `${attempt.paymentId}`,
      attempt.number,
      attempt.providerKey,
      `${attempt.amountMinor}`,
      attempt.traceparent,
      attempt.checkAfterMs,
    ],
  );
  if (row === undefined) {
    throw new Error("The attempt was not stored.");
  }
  return attemptOf(row);
}

export async function findAttempt(db: Queryable, id: bigint): Promise<Attempt | undefined> {
  const [row] = await db.query<AttemptRow>(`select ${columns} from payment_attempts where id = $1::bigint`, [
    `${id}`,
  ]);
  return row === undefined ? undefined : attemptOf(row);
}

export async function findAttemptByKey(db: Queryable, providerKey: string): Promise<Attempt | undefined> {
  const [row] = await db.query<AttemptRow>(
    `select ${columns} from payment_attempts where provider_key = $1`,
    [providerKey],
  );
  return row === undefined ? undefined : attemptOf(row);
}

/** Those of a payment that were captured, oldest first. The caller holds the payment's lock, which guards them. */
export async function findCapturedAttempts(tx: Tx, paymentId: bigint): Promise<Attempt[]> {
  const rows = await tx.query<AttemptRow>(
    `select ${columns} from payment_attempts where payment_id = $1::bigint and status = 'captured' order by id`,
    [`${paymentId}`],
  );
  return rows.map(attemptOf);
}

export function settleAttempt(
  tx: Tx,
  id: bigint,
  status: "captured" | "declined",
  declineCode: string,
): void {
  tx.execute(
    `update payment_attempts set status = $2::attempt_status, decline_code = $3, next_check_at = null
     where id = $1::bigint`,
    [`${id}`, status, declineCode],
  );
}

/** @param amountMinor negative for a refund that has failed. */
export function addRefundRequested(tx: Tx, id: bigint, amountMinor: bigint): void {
  tx.execute(
    `update payment_attempts set refund_requested_minor = refund_requested_minor + $2::bigint where id = $1::bigint`,
    [`${id}`, `${amountMinor}`],
  );
}

/** An attempt whose outcome is to be asked for. */
export interface DueAttempt extends Attempt {
  /** Nobody waits for the money any more: the order has ended or can not be paid any more, or the bill was taken back. */
  readonly isHopeless: boolean;
}

/**
 * Takes attempts that have been under way for too long. Another replica keeps away from them until the lease is over;
 * each time they are asked about, the next time is further away, up to `leaseMaxMs`.
 */
export async function claimDueAttempts(
  tx: Tx,
  options: { readonly countMax: number; readonly leaseMs: number; readonly leaseMaxMs: number },
): Promise<DueAttempt[]> {
  const rows = await tx.query<AttemptRow & { is_hopeless: boolean }>(
    `with due as (
       select id from payment_attempts where status = 'processing' and next_check_at <= now()
       order by next_check_at limit $1 for update skip locked
     ), claimed as (
       update payment_attempts set checks = checks + 1,
         next_check_at = now() + least($3::float8, $2::float8 * 2 ^ least(checks, 20)) * interval '1 millisecond'
       from due where payment_attempts.id = due.id
       returning payment_attempts.*
     )
     select ${columns.replace(/(\w+)/g, "a.$1")},
       p.order_state <> 'awaiting_payment' or coalesce(p.payment_due_at <= now(), false) as is_hopeless
     from claimed a join payments p on p.id = a.payment_id`,
    [options.countMax, options.leaseMs, options.leaseMaxMs],
  );
  return rows.map((row) => ({ ...attemptOf(row), isHopeless: row.is_hopeless }));
}
