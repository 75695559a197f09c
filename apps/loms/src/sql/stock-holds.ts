import type { Queryable } from "@ordermesh/postgres/tx";
import type { StockHold } from "../domain/stock-story.ts";

/** The last entry of the ledger that a page has looked at. */
export interface HoldPosition {
  /** With microseconds, as PostgreSQL prints it. */
  readonly heldAt: string;
  readonly holderId: bigint;
  readonly warehouseId: bigint;
}

interface HoldRow {
  readonly holder_id: bigint;
  readonly sku: bigint;
  readonly warehouse_id: bigint;
  readonly quantity: number;
  readonly held_at: Date;
  readonly position: string;
  readonly ended_as: "committed" | "released" | "expired" | null;
  readonly ended_at: Date | null;
  readonly user_id: bigint | null;
  readonly until: Date | null;
  readonly returned: number | null;
}

const columns = `hold.holder_id, hold.sku, hold.warehouse_id, hold.quantity, hold.recorded_at as held_at,
  hold.recorded_at::text as position, ending.entry::text as ended_as, ending.recorded_at as ended_at, o.user_id,
  coalesce(o.payment_due_at, r.expires_at) as until, back.quantity as returned`;

/** Each by its primary key. */
const joins = `left join reservation_ledger ending on ending.holder_id = hold.holder_id and ending.sku = hold.sku
    and ending.warehouse_id = hold.warehouse_id and ending.resolves
  left join orders o on o.id = hold.holder_id
  left join reservations r on r.id = hold.holder_id
  left join stock_returns back on back.order_id = hold.holder_id and back.sku = hold.sku
    and back.warehouse_id = hold.warehouse_id`;

/**
 * The newest entries of a SKU by which units were reserved, from a position on: open holds and ended ones, because which
 * are open can only be told by looking.
 */
export async function findHoldsOfSku(
  db: Queryable,
  { sku, warehouseId }: { readonly sku: number; readonly warehouseId: bigint | undefined },
  after: HoldPosition | undefined,
  countMax: number,
): Promise<{ readonly hold: StockHold; readonly position: HoldPosition }[]> {
  const rows = await db.query<HoldRow>(
    `select ${columns} from (
       select * from reservation_ledger
       where sku = $1::bigint and not resolves and ($2::bigint is null or warehouse_id = $2::bigint)
         and recorded_at <= $3::text::timestamptz
         and (recorded_at, holder_id, warehouse_id) < ($3::text::timestamptz, $4::bigint, $5::bigint)
       order by recorded_at desc, holder_id desc, warehouse_id desc limit $6
     ) as hold
     ${joins}
     order by hold.recorded_at desc, hold.holder_id desc, hold.warehouse_id desc`,
    [
      sku,
      warehouseId ?? null,
      after?.heldAt ?? "infinity",
      after?.holderId ?? 0n,
      after?.warehouseId ?? 0n,
      countMax,
    ],
  );
  return rows.map((row) => ({
    hold: holdOf(row),
    position: { heldAt: row.position, holderId: row.holder_id, warehouseId: row.warehouse_id },
  }));
}

/** All that an order or a reservation ever held. */
export async function findHoldsOfHolder(db: Queryable, holderId: bigint): Promise<StockHold[]> {
  const rows = await db.query<HoldRow>(
    `select ${columns} from reservation_ledger hold ${joins}
     where hold.holder_id = $1::bigint and not hold.resolves
     order by hold.sku, hold.warehouse_id`,
    [holderId],
  );
  return rows.map(holdOf);
}

/** How many units of a SKU are held in all. */
export async function sumReserved(
  db: Queryable,
  { sku, warehouseId }: { readonly sku: number; readonly warehouseId: bigint | undefined },
): Promise<number> {
  const [row] = await db.query<{ reserved: bigint }>(
    `select coalesce(sum(reserved), 0)::bigint as reserved from stock_levels
     where sku = $1::bigint and ($2::bigint is null or warehouse_id = $2::bigint)`,
    [sku, warehouseId ?? null],
  );
  return Number(row?.reserved ?? 0n);
}

function holdOf(row: HoldRow): StockHold {
  const isOpen = row.ended_as === null;
  return {
    holderId: row.holder_id,
    sku: Number(row.sku),
    warehouseId: row.warehouse_id,
    quantity: row.quantity,
    userId: row.user_id ?? undefined,
    state: row.ended_as ?? "held",
    heldAt: row.held_at,
    until: isOpen ? (row.until ?? undefined) : undefined,
    endedAt: row.ended_at ?? undefined,
    returned: row.returned ?? 0,
  };
}
