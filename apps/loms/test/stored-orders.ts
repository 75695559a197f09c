import { fromBinary } from "@bufbuild/protobuf";
import {
  OrderCanceledSchema,
  OrderCreatedSchema,
  OrderFailedSchema,
} from "@ordermesh/proto/ordermesh/events/v1/order_events_pb";
import { CancelReason } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import type postgres from "postgres";

/** Everything that the tables say about one order. */
export interface StoredOrder {
  readonly status: string;
  readonly version: number;
  readonly cancelReason: string | null;
  readonly shortages: unknown;
  /** "sku x quantity", by SKU. */
  readonly lines: readonly string[];
  /** "version status reason", by version. */
  readonly history: readonly string[];
  /** "sku/warehouse x quantity entry", by SKU, warehouse and time. */
  readonly ledger: readonly string[];
  /** "Type version sku x quantity, … (why)", in the order in which they will be published. */
  readonly events: readonly string[];
  /** "kind of step", of timers that have not fired. */
  readonly timers: readonly string[];
}

/** Reads orders from all tables that know of them, by id as text. Their events must still be in the outbox. */
export async function readStoredOrders(
  sql: postgres.Sql,
  ids: readonly bigint[],
): Promise<Map<string, StoredOrder>> {
  const of = ids.map(String);
  const rows = await sql<({ id: string } & Omit<StoredOrder, "events">)[]>`
    select o.id::text, o.status, o.version, o.cancel_reason as "cancelReason", o.shortages,
      array(select format('%s x %s', l.sku, l.quantity) from order_lines l where l.order_id = o.id order by l.sku)
        as lines,
      array(select concat_ws(' ', h.version, h.status, h.cancel_reason) from order_history h
        where h.order_id = o.id order by h.version) as history,
      array(select format('%s/%s x %s %s', r.sku, r.warehouse_id, r.quantity, r.entry) from reservation_ledger r
        where r.holder_id = o.id order by r.sku, r.warehouse_id, r.resolves) as ledger,
      array(select format('%s of %s', t.kind, t.step) from timers t where t.subject_id = o.id) as timers
    from orders o where o.id = any(${of}::bigint[])`;
  const events = await sql<{ order: string; type: string; payload: Uint8Array }[]>`
    select aggregate_id::text as "order", type, payload from outbox
    where aggregate_type = 'order' and aggregate_id = any(${of}::bigint[]) order by id`;
  return new Map(
    rows.map(({ id, ...row }) => [
      id,
      { ...row, events: events.filter((event) => event.order === id).map(eventText) },
    ]),
  );
}

function eventText({ type, payload }: { readonly type: string; readonly payload: Uint8Array }): string {
  // Every order event has the order in the same field, and this one has nothing else.
  const { order } = fromBinary(OrderCreatedSchema, payload);
  const lines = (order?.lines ?? []).map((line) => `${line.sku} x ${line.quantity}`).join(", ");
  return `${type.replace("ordermesh.events.v1.", "")} ${order?.version} ${lines}${reasonText(type, payload)}`;
}

function reasonText(type: string, payload: Uint8Array): string {
  switch (type) {
    case OrderFailedSchema.typeName: {
      const { shortages } = fromBinary(OrderFailedSchema, payload);
      const texts = shortages.map(({ sku, requested, available }) => `${sku}: ${requested} of ${available}`);
      return ` (${texts.join(", ")})`;
    }
    case OrderCanceledSchema.typeName:
      return ` (${CancelReason[fromBinary(OrderCanceledSchema, payload).reason]})`;
    default:
      return "";
  }
}

/** "sku/warehouse: on hand, reserved", by SKU and warehouse, of SKUs in a range. */
export async function readStockLevels(
  sql: postgres.Sql,
  firstSku: number,
  endSku: number,
): Promise<string[]> {
  const rows = await sql<{ text: string }[]>`
    select format('%s/%s: %s, %s', sku, warehouse_id, on_hand, reserved) as text from stock_levels
    where sku >= ${firstSku} and sku < ${endSku} order by sku, warehouse_id`;
  return rows.map((row) => row.text);
}
