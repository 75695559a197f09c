import { arrayLiteral, type Queryable, type Tx, textArrayLiteral } from "@ordermesh/postgres/tx";
import type { OrderState, Payment } from "../domain/payment.ts";
import { type PaymentRow, paymentColumns, paymentOf } from "./payment-row.ts";

/** A payment that is to be made, as the first news of its order says. */
export interface PaymentDraft {
  readonly orderId: bigint;
  readonly userId: bigint;
  readonly status: "requires_payment" | "captured" | "canceled";
  readonly currencyCode: string;
  readonly amountMinor: bigint;
  readonly orderState: OrderState;
  readonly orderVersion: number;
  readonly paymentDueAt: Date;
}

/** Makes payments for orders that have none, with the first row of their history. */
export async function insertPayments(tx: Tx, drafts: readonly PaymentDraft[]): Promise<Payment[]> {
  if (drafts.length === 0) {
    return [];
  }
  const rows = await tx.query<PaymentRow>(
    `insert into payments (order_id, user_id, status, version, currency_code, amount_minor, order_state, order_version,
       created_at, payment_due_at)
     select order_id, user_id, status, 1, currency_code, amount_minor, order_state, order_version,
       date_trunc('milliseconds', now()), payment_due_at
     from unnest($1::bigint[], $2::bigint[], $3::payment_status[], $4::text[], $5::bigint[], $6::order_state[],
       $7::int[], $8::timestamptz[])
       as d (order_id, user_id, status, currency_code, amount_minor, order_state, order_version, payment_due_at)
     order by order_id
     on conflict (order_id) do nothing
     returning ${paymentColumns}`,
    [
      arrayLiteral(drafts.map((draft) => draft.orderId)),
      arrayLiteral(drafts.map((draft) => draft.userId)),
      arrayLiteral(drafts.map((draft) => draft.status)),
      arrayLiteral(drafts.map((draft) => draft.currencyCode)),
      arrayLiteral(drafts.map((draft) => draft.amountMinor)),
      arrayLiteral(drafts.map((draft) => draft.orderState)),
      arrayLiteral(drafts.map((draft) => draft.orderVersion)),
      textArrayLiteral(drafts.map((draft) => draft.paymentDueAt.toISOString())),
    ],
  );
  const payments = rows.map(paymentOf);
  insertHistory(
    tx,
    payments.map((payment) => ({ payment, event: "made" })),
  );
  return payments;
}

/** Locks the payments of orders, by id, as everything does before it touches attempts or refunds. */
export async function lockPaymentsOfOrders(tx: Tx, orderIds: readonly bigint[]): Promise<Payment[]> {
  const rows = await tx.query<PaymentRow>(
    `select ${paymentColumns} from payments where order_id = any($1::bigint[]) order by id for no key update`,
    [arrayLiteral(orderIds)],
  );
  return rows.map(paymentOf);
}

/** @returns undefined if there is none. */
export async function lockPayment(tx: Tx, id: bigint): Promise<Payment | undefined> {
  const [row] = await tx.query<PaymentRow>(
    `select ${paymentColumns} from payments where id = $1::bigint for no key update`,
    [`${id}`],
  );
  return row === undefined ? undefined : paymentOf(row);
}

/** The clock that decides: the database's. */
export async function databaseTime(db: Queryable): Promise<Date> {
  const [row] = await db.query<{ now: Date }>("select clock_timestamp() as now");
  if (row === undefined) {
    throw new Error("The database did not tell its time.");
  }
  return row.now;
}

/** Whether an order's deadline has passed, by the database's clock. */
export async function isPastDeadline(tx: Tx, { paymentDueAt }: Payment): Promise<boolean> {
  if (paymentDueAt === undefined) {
    return false;
  }
  const [row] = await tx.query<{ late: boolean }>(
    "select $1::text::timestamptz <= clock_timestamp() as late",
    [paymentDueAt.toISOString()],
  );
  return row?.late ?? true;
}

/** A payment as it is after a change, with its new version, and what happened to it. */
export interface PaymentChange {
  readonly payment: Payment;
  /** For the history: "captured", "declined: insufficient_funds". */
  readonly event: string;
}

/**
 * Writes payments that this transaction has locked, and a row of history for each change.
 *
 * @param changes in order; of several changes of one payment the last one is what is stored.
 */
export function updatePayments(tx: Tx, changes: readonly PaymentChange[]): void {
  if (changes.length === 0) {
    return;
  }
  const last = [...new Map(changes.map(({ payment }) => [payment.id, payment])).values()];
  tx.execute(
    `update payments set status = c.status, version = c.version, captured_minor = c.captured,
       refund_requested_minor = c.refund_requested, refunded_minor = c.refunded, order_state = c.order_state,
       order_version = c.order_version, attempts = c.attempts, decline_code = c.decline_code, user_id = c.user_id
     from unnest($1::bigint[], $2::payment_status[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[],
       $7::order_state[], $8::int[], $9::int[], $10::text[], $11::bigint[])
       as c (id, status, version, captured, refund_requested, refunded, order_state, order_version, attempts,
         decline_code, user_id)
     where payments.id = c.id`,
    [
      arrayLiteral(last.map((payment) => payment.id)),
      arrayLiteral(last.map((payment) => payment.status)),
      arrayLiteral(last.map((payment) => payment.version)),
      arrayLiteral(last.map((payment) => payment.capturedMinor)),
      arrayLiteral(last.map((payment) => payment.refundRequestedMinor)),
      arrayLiteral(last.map((payment) => payment.refundedMinor)),
      arrayLiteral(last.map((payment) => payment.orderState)),
      arrayLiteral(last.map((payment) => payment.orderVersion)),
      arrayLiteral(last.map((payment) => payment.attempts)),
      textArrayLiteral(last.map((payment) => payment.declineCode)),
      arrayLiteral(last.map((payment) => payment.userId)),
    ],
  );
  insertHistory(tx, changes);
}

export function insertHistory(tx: Tx, changes: readonly PaymentChange[]): void {
  if (changes.length === 0) {
    return;
  }
  tx.execute(
    `insert into payment_history (payment_id, version, status, order_state, event)
     select * from unnest($1::bigint[], $2::int[], $3::payment_status[], $4::order_state[], $5::text[])`,
    [
      arrayLiteral(changes.map(({ payment }) => payment.id)),
      arrayLiteral(changes.map(({ payment }) => payment.version)),
      arrayLiteral(changes.map(({ payment }) => payment.status)),
      arrayLiteral(changes.map(({ payment }) => payment.orderState)),
      textArrayLiteral(changes.map(({ event }) => event)),
    ],
  );
}

export type PaymentName = { readonly paymentId: bigint } | { readonly orderId: bigint };

/** @returns undefined if there is none. */
export async function findPayment(db: Queryable, name: PaymentName): Promise<Payment | undefined> {
  const [column, id] = "paymentId" in name ? ["id", name.paymentId] : ["order_id", name.orderId];
  const [row] = await db.query<PaymentRow>(
    `select ${paymentColumns} from payments where ${column} = $1::bigint`,
    [`${id}`],
  );
  return row === undefined ? undefined : paymentOf(row);
}

/**
 * Payments, newest first.
 *
 * @param userId undefined: of all users.
 * @param before the last one of the page before.
 */
export async function listPayments(
  db: Queryable,
  userId: bigint | undefined,
  before: bigint | undefined,
  countMax: number,
): Promise<Payment[]> {
  const ofUser = userId === undefined ? "true" : "user_id = $3::bigint";
  const rows = await db.query<PaymentRow>(
    `select ${paymentColumns} from payments where ${ofUser} and id < $1::bigint order by id desc limit $2`,
    [`${before ?? 9_223_372_036_854_775_807n}`, countMax, ...(userId === undefined ? [] : [`${userId}`])],
  );
  return rows.map(paymentOf);
}
