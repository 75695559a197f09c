import { arrayLiteral, type Queryable, type Tx, textArrayLiteral } from "@ordermesh/postgres/tx";
import type { ActionParameters } from "../domain/action-parameters.ts";
import type { CancelReason, OrderStatus, OrderStatusChange } from "../domain/order.ts";
import type { OrderStep } from "../domain/order-step.ts";
import type { RefundKind } from "../workflows/names.ts";

/** A step, and the type of the event that tells it, without its package. */
export interface StepRow extends OrderStep {
  readonly orderId: bigint;
  readonly eventType: string;
}

export function insertSteps(tx: Tx, steps: readonly StepRow[]): void {
  if (steps.length === 0) {
    return;
  }
  tx.execute(
    `insert into order_history (order_id, version, status, cancel_reason, changed_at, role, actor, action, sku,
       item_state, refund_id, refund_kind, refund_state, event, event_type, parameters, trace_id,
       trace_recorded)
     select order_id, version, status, cancel_reason, changed_at, role, actor, action, sku, item_state, refund_id,
       refund_kind, refund_state, event, event_type, parameters::jsonb, trace_id, trace_recorded
     from unnest($1::bigint[], $2::int[], $3::order_status[], $4::cancel_reason[], $5::timestamptz[], $6::text[],
       $7::text[], $8::text[], $9::bigint[], $10::text[], $11::bigint[], $12::text[], $13::text[], $14::text[],
       $15::text[], $16::text[], $17::uuid[], $18::boolean[])
       as h (order_id, version, status, cancel_reason, changed_at, role, actor, action, sku, item_state, refund_id,
         refund_kind, refund_state, event, event_type, parameters, trace_id, trace_recorded)`,
    [
      arrayLiteral(steps.map(({ orderId }) => orderId)),
      arrayLiteral(steps.map(({ version }) => version)),
      arrayLiteral(steps.map(({ status }) => status)),
      arrayLiteral(steps.map(({ cancelReason }) => cancelReason ?? "null")),
      textArrayLiteral(steps.map(({ changedAt }) => changedAt.toISOString())),
      textArrayLiteral(steps.map(({ role }) => role)),
      textArrayLiteral(steps.map(({ actor }) => actor)),
      textArrayLiteral(steps.map(({ action }) => action)),
      arrayLiteral(steps.map(({ sku }) => sku ?? "null")),
      textArrayLiteral(steps.map(({ itemState }) => itemState)),
      arrayLiteral(steps.map(({ refundId }) => refundId ?? "null")),
      textArrayLiteral(steps.map(({ refundKind }) => refundKind)),
      textArrayLiteral(steps.map(({ refundState }) => refundState)),
      textArrayLiteral(steps.map(({ event }) => event)),
      textArrayLiteral(steps.map(({ eventType }) => eventType)),
      textArrayLiteral(steps.map(({ parameters }) => parameters && JSON.stringify(parameters))),
      arrayLiteral(steps.map(({ trace }) => trace?.id ?? "null")),
      arrayLiteral(steps.map(({ trace }) => trace?.isRecorded ?? "null")),
    ],
  );
}

interface HistoryRow {
  readonly version: number;
  readonly status: OrderStatus;
  readonly cancel_reason: CancelReason | null;
  readonly changed_at: Date;
  readonly role: string | null;
  readonly actor: string | null;
  readonly action: string | null;
  readonly sku: bigint | null;
  readonly item_state: string | null;
  readonly refund_id: bigint | null;
  readonly refund_kind: RefundKind | null;
  readonly refund_state: string | null;
  readonly event: string | null;
  readonly parameters: ActionParameters | null;
  readonly trace_id: string | null;
  readonly trace_recorded: boolean | null;
}

/** What GetOrder tells of an order's history: as much as fits a list. */
export async function findHistory(tx: Queryable, orderId: bigint): Promise<OrderStatusChange[]> {
  const rows = await tx.query<HistoryRow>(
    `select version, status, cancel_reason, changed_at, role, action, sku from order_history
     where order_id = $1::bigint order by version limit 1000`,
    [orderId.toString()],
  );
  return rows.map((row) => ({
    version: row.version,
    status: row.status,
    cancelReason: row.cancel_reason ?? undefined,
    changedAt: row.changed_at,
    role: row.role ?? undefined,
    action: row.action ?? undefined,
    sku: row.sku === null ? undefined : Number(row.sku),
  }));
}

/** Steps after a version and up to another, oldest first, up to a count. */
export async function findSteps(
  tx: Queryable,
  orderId: bigint,
  range: { readonly after: number; readonly last: number; readonly countMax: number },
): Promise<OrderStep[]> {
  const rows = await tx.query<HistoryRow>(
    `select version, status, cancel_reason, changed_at, role, actor, action, sku, item_state, refund_id, refund_kind,
       refund_state, event, parameters, replace(trace_id::text, '-', '') as trace_id, trace_recorded
     from order_history
     where order_id = $1::bigint and version > $2::int and version <= $3::int order by version limit $4::int`,
    [orderId.toString(), range.after, range.last, range.countMax],
  );
  return rows.map((row) => ({
    version: row.version,
    status: row.status,
    cancelReason: row.cancel_reason ?? undefined,
    changedAt: row.changed_at,
    role: row.role ?? undefined,
    actor: row.actor ?? undefined,
    action: row.action ?? undefined,
    sku: row.sku === null ? undefined : Number(row.sku),
    itemState: row.item_state ?? undefined,
    refundId: row.refund_id ?? undefined,
    refundKind: row.refund_kind ?? undefined,
    refundState: row.refund_state ?? undefined,
    event: row.event ?? undefined,
    parameters: row.parameters ?? undefined,
    trace: row.trace_id === null ? undefined : { id: row.trace_id, isRecorded: row.trace_recorded === true },
  }));
}

/** An order after its steps. */
export interface MovedOrder {
  readonly id: bigint;
  /** As it was when the order was locked. */
  readonly fromVersion: number;
  readonly version: number;
  readonly status: OrderStatus;
  readonly step: number;
  readonly cancelReason: CancelReason | undefined;
  readonly refundedMinor: number;
}

/**
 * Moves locked orders on. The version is asked again although the lock makes it certain: a blind update is how a payment
 * was once overwritten by a timeout.
 */
export function updateOrders(tx: Tx, orders: readonly MovedOrder[]): void {
  if (orders.length === 0) {
    return;
  }
  tx.execute(
    `update orders o set status = m.status, step = m.step, version = m.version, cancel_reason = m.cancel_reason,
       refunded_minor = m.refunded_minor
     from unnest($1::bigint[], $2::int[], $3::int[], $4::order_status[], $5::int[], $6::cancel_reason[], $7::bigint[])
       as m (id, from_version, version, status, step, cancel_reason, refunded_minor)
     where o.id = m.id and o.version = m.from_version`,
    [
      arrayLiteral(orders.map(({ id }) => id)),
      arrayLiteral(orders.map(({ fromVersion }) => fromVersion)),
      arrayLiteral(orders.map(({ version }) => version)),
      arrayLiteral(orders.map(({ status }) => status)),
      arrayLiteral(orders.map(({ step }) => step)),
      arrayLiteral(orders.map(({ cancelReason }) => cancelReason ?? "null")),
      arrayLiteral(orders.map(({ refundedMinor }) => refundedMinor)),
    ],
  );
}
