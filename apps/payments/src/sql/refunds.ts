import type { Queryable, Tx } from "@ordermesh/postgres/tx";
import type { OrderRefundRequest } from "../domain/order-refund.ts";
import type { Refund, RefundReason, RefundStatus } from "../domain/payment.ts";

interface RefundRow {
  readonly id: bigint;
  readonly payment_id: bigint;
  readonly attempt_id: bigint;
  readonly provider_key: string;
  readonly amount_minor: bigint;
  readonly status: RefundStatus;
  readonly reason: RefundReason;
  readonly note: string;
  readonly failure_code: string;
  readonly traceparent: string;
  readonly created_at: Date;
  readonly order_refund_id: bigint | null;
}

const columns = `id, payment_id, attempt_id, provider_key, amount_minor, status, reason, note, failure_code, traceparent,
  created_at, order_refund_id`;

function refundOf(row: RefundRow): Refund {
  return {
    id: row.id,
    paymentId: row.payment_id,
    attemptId: row.attempt_id,
    providerKey: row.provider_key,
    amountMinor: row.amount_minor,
    status: row.status,
    reason: row.reason,
    note: row.note,
    failureCode: row.failure_code,
    traceparent: row.traceparent,
    createdAt: row.created_at,
    orderRefundId: row.order_refund_id ?? undefined,
  };
}

/** @param checkAfterMs when the provider is to be asked to make it, if it has not confirmed it by then. */
export async function insertRefund(
  tx: Tx,
  refund: Omit<Refund, "id" | "status" | "failureCode" | "createdAt"> & { readonly checkAfterMs: number },
): Promise<Refund> {
  const [row] = await tx.query<RefundRow>(
    `insert into refunds (payment_id, attempt_id, provider_key, amount_minor, status, reason, note, traceparent,
       next_check_at, order_refund_id)
     values ($1::bigint, $2::bigint, $3, $4::bigint, 'pending', $5::refund_reason, $6, $7,
       clock_timestamp() + $8::int * interval '1 millisecond', $9::bigint)
     returning ${columns}`,
    [
      `${refund.paymentId}`,
      `${refund.attemptId}`,
      refund.providerKey,
      `${refund.amountMinor}`,
      refund.reason,
      refund.note,
      refund.traceparent,
      refund.checkAfterMs,
      refund.orderRefundId === undefined ? null : `${refund.orderRefundId}`,
    ],
  );
  if (row === undefined) {
    throw new Error("The refund was not stored.");
  }
  return refundOf(row);
}

export async function findRefund(db: Queryable, id: bigint): Promise<Refund | undefined> {
  const [row] = await db.query<RefundRow>(`select ${columns} from refunds where id = $1::bigint`, [`${id}`]);
  return row === undefined ? undefined : refundOf(row);
}

export async function findRefundByKey(db: Queryable, providerKey: string): Promise<Refund | undefined> {
  const [row] = await db.query<RefundRow>(`select ${columns} from refunds where provider_key = $1`, [
    providerKey,
  ]);
  return row === undefined ? undefined : refundOf(row);
}

/** What an order's request began, unless that has failed: then it may be asked for again. */
export async function findRefundOfOrder(db: Queryable, orderRefundId: bigint): Promise<Refund | undefined> {
  const [row] = await db.query<RefundRow>(
    `select ${columns} from refunds where order_refund_id = $1::bigint and status <> 'failed'`,
    [`${orderRefundId}`],
  );
  return row === undefined ? undefined : refundOf(row);
}

/** Notes what an order asked for and did not get. */
export function insertRefusedOrderRefund(tx: Tx, request: OrderRefundRequest, failureCode: string): void {
  tx.execute(
    `insert into refused_order_refunds (order_refund_id, order_id, currency_code, amount_minor, failure_code)
     values ($1::bigint, $2::bigint, $3, $4::bigint, $5)`,
    [
      `${request.orderRefundId}`,
      `${request.orderId}`,
      request.currencyCode,
      `${request.amountMinor}`,
      failureCode,
    ],
  );
}

/** Of one payment, oldest first. */
export async function findRefunds(db: Queryable, paymentId: bigint): Promise<Refund[]> {
  const rows = await db.query<RefundRow>(
    `select ${columns} from refunds where payment_id = $1::bigint order by id`,
    [`${paymentId}`],
  );
  return rows.map(refundOf);
}

export function settleRefund(tx: Tx, id: bigint, status: "succeeded" | "failed", failureCode: string): void {
  tx.execute(
    `update refunds set status = $2::refund_status, failure_code = $3, next_check_at = null where id = $1::bigint`,
    [`${id}`, status, failureCode],
  );
}

/** Takes refunds that the provider has not confirmed; as attempts are taken. */
export async function claimDueRefunds(
  tx: Tx,
  options: { readonly countMax: number; readonly leaseMs: number; readonly leaseMaxMs: number },
): Promise<Refund[]> {
  const rows = await tx.query<RefundRow>(
    `with due as (
       select id from refunds where status = 'pending' and next_check_at <= now()
       order by next_check_at limit $1 for update skip locked
     )
     update refunds set checks = checks + 1,
       next_check_at = now() + least($3::float8, $2::float8 * 2 ^ least(checks, 20)) * interval '1 millisecond'
     from due where refunds.id = due.id
     returning ${columns.replace(/(\w+)/g, "refunds.$1")}`,
    [options.countMax, options.leaseMs, options.leaseMaxMs],
  );
  return rows.map(refundOf);
}

/** Seconds since the oldest attempt or refund began that the provider has not answered; 0 if there is none. */
export async function findOldestUnsettled(db: Queryable): Promise<number> {
  const [row] = await db.query<{ age: number | null }>(
    `select extract(epoch from clock_timestamp() - least(
       (select min(started_at) from payment_attempts where status = 'processing'),
       (select min(created_at) from refunds where status = 'pending')
     ))::float8 as age`,
  );
  return Math.max(0, row?.age ?? 0);
}
