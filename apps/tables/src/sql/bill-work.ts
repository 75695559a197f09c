import type { Queryable, Tx } from "@ordermesh/postgres/tx";

/**
 * What is still to be done for bills at other services. Whoever takes a piece of work has it for the time of its lease;
 * each time it comes to nothing, the next time is further away.
 */

export interface Lease {
  readonly countMax: number;
  readonly leaseMs: number;
  readonly leaseMaxMs: number;
}

/** A share about which the payment service has something to be asked or told. */
export interface ShareWork {
  readonly sessionId: bigint;
  readonly shareId: bigint;
  readonly amountMinor: bigint;
  readonly currencyCode: string;
  /** Who tried last to pay it. */
  readonly payerGuestId: bigint;
  readonly tryId: bigint;
  /** Of the call that made the bill. */
  readonly traceparent: string;
}

const shareWorkColumns = `b.session_id, s.id, s.amount_minor, t.currency_code, s.payer_guest_id, s.try_id, b.traceparent`;

/** Shares whose payment has been under way for too long. */
export async function claimSharesToCheck(
  tx: Tx,
  { countMax, leaseMs, leaseMaxMs }: Lease,
): Promise<ShareWork[]> {
  const rows = await tx.query<ShareWorkRow>(
    `with due as (
       select id from bill_shares where check_at <= now() order by check_at limit $1 for update skip locked
     ), claimed as (
       update bill_shares set checks = checks + 1, check_at = ${nextTime("checks")}
       from due where bill_shares.id = due.id returning bill_shares.*
     )
     select ${shareWorkColumns} from claimed s join bills b on b.id = s.bill_id join sessions t on t.id = b.session_id`,
    [countMax, leaseMs, leaseMaxMs],
  );
  return rows.map(shareWorkOf);
}

/** Those of a session that are being paid. */
export async function findSharesUnderWay(db: Queryable, sessionId: bigint): Promise<ShareWork[]> {
  const rows = await db.query<ShareWorkRow>(
    `select ${shareWorkColumns} from bill_shares s join bills b on b.id = s.bill_id join sessions t on t.id = b.session_id
     where b.session_id = $1::bigint and s.state = 'processing' order by s.id`,
    [sessionId],
  );
  return rows.map(shareWorkOf);
}

/** Of those that are to be written off once the answer comes: whose patience is over. */
export async function findSharesToGiveUp(
  tx: Tx,
  sessionId: bigint,
  afterMs: number,
): Promise<readonly bigint[]> {
  const rows = await tx.query<{ id: bigint }>(
    `select s.id from bill_shares s join bills b on b.id = s.bill_id
     where b.session_id = $1::bigint and s.state = 'processing'
       and s.write_off_asked_at <= clock_timestamp() - $2::int * interval '1 millisecond' order by s.id`,
    [sessionId, afterMs],
  );
  return rows.map(({ id }) => id);
}

/** Shares whose payment the payment service is to end. */
export async function claimSharesToCancel(
  tx: Tx,
  { countMax, leaseMs, leaseMaxMs }: Lease,
): Promise<ShareWork[]> {
  const rows = await tx.query<ShareWorkRow>(
    `with due as (
       select id from bill_shares where cancel_at <= now() order by cancel_at limit $1 for update skip locked
     ), claimed as (
       update bill_shares set cancel_tries = cancel_tries + 1, cancel_at = ${nextTime("cancel_tries")}
       from due where bill_shares.id = due.id returning bill_shares.*
     )
     select ${shareWorkColumns} from claimed s join bills b on b.id = s.bill_id join sessions t on t.id = b.session_id`,
    [countMax, leaseMs, leaseMaxMs],
  );
  return rows.map(shareWorkOf);
}

export function noteCanceled(tx: Tx, shareId: bigint): void {
  tx.execute("update bill_shares set cancel_at = null where id = $1::bigint", [shareId]);
}

/** An order of a settled bill that LOMS does not know to be paid. */
export interface OrderToPay {
  readonly sessionId: bigint;
  readonly billId: bigint;
  readonly orderId: bigint;
  readonly tries: number;
  readonly traceparent: string;
}

/** @param sessionId undefined: of all sessions. Of one they are taken whether they are due or not. */
export async function claimOrdersToPay(
  tx: Tx,
  { countMax, leaseMs, leaseMaxMs }: Lease,
  sessionId?: bigint,
): Promise<OrderToPay[]> {
  const isWanted =
    sessionId === undefined
      ? "pay_at <= now()"
      : "pay_at is not null and bill_id in (select id from bills where session_id = $4::bigint)";
  const rows = await tx.query<{
    session_id: bigint;
    bill_id: bigint;
    order_id: bigint;
    pay_tries: number;
    traceparent: string;
  }>(
    `with due as (
       select bill_id, order_id from bill_orders where ${isWanted} order by pay_at limit $1 for update skip locked
     ), claimed as (
       update bill_orders o set pay_tries = pay_tries + 1, pay_at = ${nextTime("pay_tries")}
       from due where o.bill_id = due.bill_id and o.order_id = due.order_id returning o.*
     )
     select b.session_id, c.bill_id, c.order_id, c.pay_tries, b.traceparent
     from claimed c join bills b on b.id = c.bill_id order by c.order_id`,
    [countMax, leaseMs, leaseMaxMs, ...(sessionId === undefined ? [] : [sessionId])],
  );
  return rows.map((row) => ({
    sessionId: row.session_id,
    billId: row.bill_id,
    orderId: row.order_id,
    tries: row.pay_tries,
    traceparent: row.traceparent,
  }));
}

export function noteOrderPaid(tx: Tx, billId: bigint, orderId: bigint): void {
  tx.execute(
    `update bill_orders set pay_at = null, paid_at = coalesce(paid_at, now())
     where bill_id = $1::bigint and order_id = $2::bigint`,
    [billId, orderId],
  );
}

/** Bills of a session that are open, or whose orders LOMS does not yet know to be paid. */
export async function findUnfinishedBills(db: Queryable, sessionId: bigint): Promise<bigint[]> {
  const rows = await db.query<{ id: bigint }>(
    `select b.id from bills b where b.session_id = $1::bigint
       and (b.state = 'open' or exists (select from bill_orders o where o.bill_id = b.id and o.pay_at is not null))
     order by b.id`,
    [sessionId],
  );
  return rows.map(({ id }) => id);
}

/** Seconds since the oldest work was due; 0 if there is none. */
export async function findOldestWork(db: Queryable): Promise<number> {
  const [row] = await db.query<{ age: number | null }>(
    `select extract(epoch from clock_timestamp() - least(
       (select min(started_at) from share_tries t join bill_shares s on s.try_id = t.id where s.check_at is not null),
       (select min(ended_at) from bills b join bill_orders o on o.bill_id = b.id where o.pay_at is not null),
       (select min(coalesce(s.paid_at, b.ended_at)) from bill_shares s join bills b on b.id = s.bill_id
         where s.cancel_at is not null)
     ))::float8 as age`,
  );
  return Math.max(0, row?.age ?? 0);
}

function nextTime(tries: string): string {
  return `now() + least($3::float8, $2::float8 * 2 ^ least(${tries}, 20)) * interval '1 millisecond'`;
}

interface ShareWorkRow {
  readonly session_id: bigint;
  readonly id: bigint;
  readonly amount_minor: bigint;
  readonly currency_code: string;
  readonly payer_guest_id: bigint;
  readonly try_id: bigint;
  readonly traceparent: string;
}

function shareWorkOf(row: ShareWorkRow): ShareWork {
  return {
    sessionId: row.session_id,
    shareId: row.id,
    amountMinor: row.amount_minor,
    currencyCode: row.currency_code,
    payerGuestId: row.payer_guest_id,
    tryId: row.try_id,
    traceparent: row.traceparent,
  };
}
