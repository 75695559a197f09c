import type { Queryable, Tx } from "@ordermesh/postgres/tx";
import type { CaptureState } from "../provider/provider.ts";
import type { CardBehavior } from "./test-cards.ts";

/** The sandbox's own books. */

type LedgerState = "pending" | "captured" | "declined" | "voided";

interface CaptureRow {
  readonly state: LedgerState;
  readonly decline_code: string;
}

export function captureStateOf({ state, decline_code }: CaptureRow): CaptureState {
  return state === "declined" ? { kind: state, code: decline_code } : { kind: state };
}

/**
 * @param behavior as text, so that the table need not know the kinds.
 * @returns when its token expires.
 */
export async function insertMethod(
  tx: Tx,
  method: {
    readonly token: string;
    readonly userId: bigint;
    readonly behavior: string;
    readonly lifeMs: number;
  },
): Promise<Date> {
  const [row] = await tx.query<{ expires_at: Date }>(
    `insert into sandbox_methods (token, user_id, behavior, expires_at)
     values ($1, $2::bigint, $3, date_trunc('milliseconds', now()) + $4::bigint * interval '1 millisecond')
     returning expires_at`,
    [method.token, `${method.userId}`, method.behavior, method.lifeMs],
  );
  if (row === undefined) {
    throw new Error("A payment method was not kept.");
  }
  return row.expires_at;
}

/** @returns undefined for a token that is unknown, expired, or somebody else's. */
export async function findBehavior(
  db: Queryable,
  token: string,
  userId: bigint,
): Promise<CardBehavior | undefined> {
  const [row] = await db.query<{ behavior: string }>(
    "select behavior from sandbox_methods where token = $1 and user_id = $2::bigint and expires_at > now()",
    [token, `${userId}`],
  );
  return row === undefined ? undefined : (JSON.parse(row.behavior) as CardBehavior);
}

export interface NewCapture {
  readonly key: string;
  readonly reference: string;
  readonly amountMinor: bigint;
  readonly currencyCode: string;
  readonly state: LedgerState;
  readonly declineCode: string;
  /** Of a pending one. */
  readonly settlesAfterMs?: number;
  readonly settlesTo?: "captured" | "declined";
}

/** @returns false if the key is used. */
export async function insertCapture(tx: Tx, capture: NewCapture): Promise<boolean> {
  const rows = await tx.query(
    `insert into sandbox_captures (key, reference, amount_minor, currency_code, state, decline_code, settles_at,
       settles_to)
     values ($1, $2, $3::bigint, $4, $5::sandbox_capture_state, $6,
       now() + $7::int * interval '1 millisecond', $8::sandbox_capture_state)
     on conflict (key) do nothing returning 1 as one`,
    [
      capture.key,
      capture.reference,
      `${capture.amountMinor}`,
      capture.currencyCode,
      capture.state,
      capture.declineCode,
      capture.settlesAfterMs ?? null,
      capture.settlesTo ?? null,
    ],
  );
  return rows.length > 0;
}

export async function findCapture(db: Queryable, key: string): Promise<CaptureState | undefined> {
  const [row] = await db.query<CaptureRow>(
    "select state, decline_code from sandbox_captures where key = $1",
    [key],
  );
  return row === undefined ? undefined : captureStateOf(row);
}

/** Ends a capture that is pending, or that has never come. */
export async function voidCapture(tx: Tx, key: string): Promise<CaptureState> {
  const [row] = await tx.query<CaptureRow>(
    `insert into sandbox_captures (key, reference, amount_minor, currency_code, state)
     values ($1, '', 0, '', 'voided')
     on conflict (key) do update set
       state = case sandbox_captures.state when 'pending' then 'voided' else sandbox_captures.state end,
       settles_at = null, settles_to = null
     returning state, decline_code`,
    [key],
  );
  if (row === undefined) {
    throw new Error("The sandbox's ledger did not answer.");
  }
  return captureStateOf(row);
}

/** Decides the pending captures whose time has come, and writes what is to be told of them. */
export async function settleDueCaptures(tx: Tx): Promise<number> {
  const rows = await tx.query(
    `with due as (
       select key, settles_to from sandbox_captures where state = 'pending' and settles_at <= now()
       order by settles_at limit 100 for update skip locked
     ), settled as (
       update sandbox_captures set state = due.settles_to, settles_at = null, settles_to = null
       from due where sandbox_captures.key = due.key
       returning sandbox_captures.*
     )
     insert into sandbox_events (id, body, deliveries_left)
     select id, jsonb_build_object(
         'id', id,
         'type', case state when 'captured' then 'capture.succeeded' else 'capture.declined' end,
         'key', key, 'amount_minor', amount_minor::text, 'currency_code', currency_code, 'code', decline_code
       )::text, 1
     from (select *, 'evt_' || replace(gen_random_uuid()::text, '-', '') as id from settled) as told
     returning 1 as one`,
  );
  return rows.length;
}

export function insertEvent(tx: Tx, id: string, body: string, deliveries: number): void {
  tx.execute("insert into sandbox_events (id, body, deliveries_left) values ($1, $2, $3)", [
    id,
    body,
    deliveries,
  ]);
}

export interface DueEvent {
  readonly id: string;
  readonly body: string;
}

/** Takes events that are to be delivered; a process that dies with them loses them after half a minute. */
export async function claimDueEvents(tx: Tx): Promise<DueEvent[]> {
  return await tx.query<DueEvent>(
    `with due as (
       select id from sandbox_events where next_try_at <= now() order by next_try_at limit 20
       for update skip locked
     )
     update sandbox_events set tries = tries + 1, next_try_at = now() + interval '30 seconds'
     from due where sandbox_events.id = due.id
     returning sandbox_events.id, body`,
  );
}

/** One delivery less; gone after the last one. */
export function noteDelivered(tx: Tx, id: string): void {
  tx.execute("delete from sandbox_events where id = $1 and deliveries_left = 1", [id]);
  tx.execute(
    "update sandbox_events set deliveries_left = deliveries_left - 1, next_try_at = now() where id = $1",
    [id],
  );
}

/** Tried again a little later each time. */
export function noteRefused(tx: Tx, id: string): void {
  tx.execute(
    `update sandbox_events set next_try_at = now() + least(60, 2 ^ least(tries, 10) * 0.1) * interval '1 second'
     where id = $1`,
    [id],
  );
}

export type RefundResult = "succeeded" | "unknown_capture" | "not_captured" | "exceeds_captured";

/** Gives money back, once for each key. */
export async function insertRefund(
  tx: Tx,
  refund: { readonly key: string; readonly captureKey: string; readonly amountMinor: bigint },
): Promise<RefundResult> {
  const [capture] = await tx.query<{ state: LedgerState; amount_minor: bigint }>(
    "select state, amount_minor from sandbox_captures where key = $1 for update",
    [refund.captureKey],
  );
  if (capture === undefined || capture.state !== "captured") {
    return capture === undefined ? "unknown_capture" : "not_captured";
  }
  const rows = await tx.query<{ key: string; amount_minor: bigint }>(
    "select key, amount_minor from sandbox_refunds where capture_key = $1",
    [refund.captureKey],
  );
  if (rows.some(({ key }) => key === refund.key)) {
    return "succeeded";
  }
  const refunded = rows.reduce((sum, { amount_minor }) => sum + amount_minor, 0n);
  if (refunded + refund.amountMinor > capture.amount_minor) {
    return "exceeds_captured";
  }
  tx.execute("insert into sandbox_refunds (key, capture_key, amount_minor) values ($1, $2, $3::bigint)", [
    refund.key,
    refund.captureKey,
    `${refund.amountMinor}`,
  ]);
  return "succeeded";
}
