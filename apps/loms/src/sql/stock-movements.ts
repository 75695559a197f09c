import type { Queryable } from "@ordermesh/postgres/tx";
import { quarterMs, type StockChange, type StockMovement, trendQuarters } from "../domain/stock-story.ts";

/** Which stock: of one SKU, in one warehouse or in all. */
export interface StockOf {
  readonly sku: number;
  readonly warehouseId: bigint | undefined;
}

/** The last line of the page before. */
export interface MovementPosition {
  /** With microseconds, as PostgreSQL prints it. */
  readonly recordedAt: string;
  /** Which of the ledger's parts it is of. */
  readonly part: number;
  readonly id: bigint;
  readonly warehouseId: bigint;
}

interface MovementRow {
  readonly at: Date;
  readonly position: string;
  readonly part: number;
  readonly id: bigint;
  readonly warehouse_id: bigint;
  readonly quantity: number;
  readonly kind: StockMovement["kind"];
  readonly is_order: boolean;
}

/** The parts of the ledger, each with an index by SKU and time: its time, the part, whose line it is, and what it is. */
const parts = [
  { table: "stock_receipts", time: "received_at", part: "0", id: "id", kind: "'received'" },
  {
    table: "reservation_ledger",
    time: "recorded_at",
    part: "case when resolves then 2 else 1 end",
    id: "holder_id",
    kind: "entry::text",
  },
  { table: "stock_returns", time: "recorded_at", part: "3", id: "order_id", kind: "'returned'" },
] as const;

/** One page of a SKU's ledger, newest first. Each part stops at the page's size; only then are they merged. */
export async function listMovements(
  db: Queryable,
  { sku, warehouseId }: StockOf,
  after: MovementPosition | undefined,
  countMax: number,
): Promise<{ readonly movement: StockMovement; readonly position: MovementPosition }[]> {
  const pages = parts.map(
    ({
      table,
      time,
      part,
      id,
      kind,
    }) => `(select ${time} as at, ${part} as part, ${id} as id, warehouse_id, quantity,
         ${kind} as kind
       from ${table}
       where sku = $1::bigint and ($2::bigint is null or warehouse_id = $2::bigint)
         and ${time} <= $3::text::timestamptz
         and (${time}, ${part}, ${id}, warehouse_id) < ($3::text::timestamptz, $4::int, $5::bigint, $6::bigint)
       order by ${time} desc, 2 desc, 3 desc, warehouse_id desc limit $7)`,
  );
  const rows = await db.query<MovementRow>(
    `select page.*, page.at::text as position,
       page.part = 3 or (page.part in (1, 2) and exists (select from orders where orders.id = page.id)) as is_order
     from (${pages.join(" union all ")}) as page
     order by at desc, part desc, id desc, warehouse_id desc limit $7`,
    [
      sku,
      warehouseId ?? null,
      after?.recordedAt ?? "infinity",
      after?.part ?? 0,
      after?.id ?? 0n,
      after?.warehouseId ?? 0n,
      countMax,
    ],
  );
  return rows.map((row) => ({
    movement: {
      kind: row.kind,
      warehouseId: row.warehouse_id,
      quantity: row.quantity,
      orderId: row.is_order ? row.id : undefined,
      reservationId: row.is_order || row.part === 0 ? undefined : row.id,
      recordedAt: row.at,
    },
    position: {
      recordedAt: row.position,
      part: row.part,
      id: row.id,
      warehouseId: row.warehouse_id,
    },
  }));
}

/** What there is of a SKU, and by how much it changed in each quarter of an hour of the last day, at one moment. */
export async function findChanges(
  db: Queryable,
  { sku, warehouseId }: StockOf,
): Promise<{
  readonly now: { readonly time: Date; readonly onHand: number; readonly reserved: number };
  readonly changes: readonly StockChange[];
}> {
  const changed = parts.map(
    ({ table, time, kind }) => `select ${time} as at, ${kind} as kind, quantity from ${table}
       where sku = $1::bigint and ($2::bigint is null or warehouse_id = $2::bigint)
         and ${time} > now() - ${trendQuarters} * interval '15 minutes'`,
  );
  const rows = await db.query<{
    quarters_ago: number | null;
    on_hand: bigint;
    reserved: bigint;
    at: Date;
  }>(
    `select greatest(0, floor(extract(epoch from now() - at) / ${quarterMs / 1000}))::int as quarters_ago, now() as at,
       sum(quantity * case kind when 'received' then 1 when 'returned' then 1 when 'committed' then -1 else 0 end)::bigint
         as on_hand,
       sum(quantity * case kind when 'received' then 0 when 'returned' then 0 when 'reserved' then 1 else -1 end)::bigint
         as reserved
     from (${changed.join(" union all ")}) as movement
     group by 1
     union all
     select null, now(), coalesce(sum(on_hand), 0)::bigint, coalesce(sum(reserved), 0)::bigint from stock_levels
     where sku = $1::bigint and ($2::bigint is null or warehouse_id = $2::bigint)`,
    [sku, warehouseId ?? null],
  );
  const amounts = rows.map((row) => ({
    quartersAgo: row.quarters_ago,
    time: row.at,
    onHand: Number(row.on_hand),
    reserved: Number(row.reserved),
  }));
  const { time, onHand, reserved } = amounts.find(({ quartersAgo }) => quartersAgo === null) ?? {
    time: new Date(),
    onHand: 0,
    reserved: 0,
  };
  return {
    now: { time, onHand, reserved },
    changes: amounts.flatMap((change) =>
      change.quartersAgo === null ? [] : [{ ...change, quartersAgo: change.quartersAgo }],
    ),
  };
}
