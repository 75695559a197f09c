import { arrayLiteral, type Queryable, type Tx, textArrayLiteral } from "@ordermesh/postgres/tx";
import type { RefundSheet } from "../domain/refund-sheet.ts";
import type { RefundKind } from "../workflows/names.ts";

interface SheetRow {
  readonly id: bigint;
  readonly order_id: bigint;
  readonly sku: bigint;
  readonly number: number;
  readonly kind: RefundKind;
  readonly state: string;
  readonly is_open: boolean;
  readonly step: number;
  readonly amount_minor: bigint;
  readonly reason: string;
  readonly memo: string;
  readonly picture_urls: readonly string[];
  readonly carrier: string;
  readonly tracking_number: string;
  readonly failure_code: string;
  readonly created_at: Date;
  readonly changed_at: Date;
}

/** All sheets of orders, open or not, by order, SKU and number. */
export async function findSheets(tx: Queryable, orderIds: readonly bigint[]): Promise<RefundSheet[]> {
  const rows = await tx.query<SheetRow>(
    `select id, order_id, sku, number, kind, state, is_open, step, amount_minor, reason, memo, picture_urls, carrier,
       tracking_number, failure_code, created_at, changed_at
     from refund_sheets where order_id = any($1::bigint[]) order by order_id, sku, number`,
    [arrayLiteral(orderIds)],
  );
  return rows.map((row) => ({
    id: row.id,
    orderId: row.order_id,
    sku: Number(row.sku),
    number: row.number,
    kind: row.kind,
    state: row.state,
    isOpen: row.is_open,
    step: row.step,
    amountMinor: Number(row.amount_minor),
    reason: row.reason,
    memo: row.memo,
    pictureUrls: row.picture_urls,
    carrier: row.carrier,
    trackingNumber: row.tracking_number,
    failureCode: row.failure_code,
    createdAt: row.created_at,
    changedAt: row.changed_at,
  }));
}

/** Ids that no other refund has. */
export async function takeRefundIds(tx: Tx, count: number): Promise<bigint[]> {
  const rows = await tx.query<{ id: bigint }>(
    "select nextval('refund_ids') as id from generate_series(1, $1::int)",
    [count],
  );
  return rows.map(({ id }) => id);
}

/**
 * Writes sheets that are new or have changed, under the lock of their orders. Closed ones first, so that an item's next
 * sheet finds no open one beside it.
 */
export function writeSheets(tx: Tx, sheets: readonly RefundSheet[]): void {
  for (const isOpen of [false, true]) {
    const group = sheets.filter((sheet) => sheet.isOpen === isOpen);
    if (group.length > 0) {
      tx.execute(upsert, sheetColumns(group));
    }
  }
}

const upsert = `insert into refund_sheets (id, order_id, sku, number, kind, state, is_open, step, amount_minor, reason, memo,
     picture_urls, carrier, tracking_number, failure_code, created_at, changed_at)
   select id, order_id, sku, number, kind, state, is_open, step, amount_minor, reason, memo, picture_urls::jsonb, carrier,
     tracking_number, failure_code, created_at, changed_at
   from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::int[], $5::text[], $6::text[], $7::boolean[], $8::int[],
     $9::bigint[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::timestamptz[],
     $17::timestamptz[])
     as s (id, order_id, sku, number, kind, state, is_open, step, amount_minor, reason, memo, picture_urls, carrier,
       tracking_number, failure_code, created_at, changed_at)
   on conflict (id) do update set kind = excluded.kind, state = excluded.state, is_open = excluded.is_open,
     step = excluded.step, amount_minor = excluded.amount_minor, reason = excluded.reason, memo = excluded.memo,
     picture_urls = excluded.picture_urls, carrier = excluded.carrier, tracking_number = excluded.tracking_number,
     failure_code = excluded.failure_code, changed_at = excluded.changed_at`;

function sheetColumns(sheets: readonly RefundSheet[]): string[] {
  return [
    arrayLiteral(sheets.map(({ id }) => id)),
    arrayLiteral(sheets.map(({ orderId }) => orderId)),
    arrayLiteral(sheets.map(({ sku }) => sku)),
    arrayLiteral(sheets.map(({ number }) => number)),
    textArrayLiteral(sheets.map(({ kind }) => kind)),
    textArrayLiteral(sheets.map(({ state }) => state)),
    arrayLiteral(sheets.map(({ isOpen }) => isOpen)),
    arrayLiteral(sheets.map(({ step }) => step)),
    arrayLiteral(sheets.map(({ amountMinor }) => amountMinor)),
    textArrayLiteral(sheets.map(({ reason }) => reason)),
    textArrayLiteral(sheets.map(({ memo }) => memo)),
    textArrayLiteral(sheets.map(({ pictureUrls }) => JSON.stringify(pictureUrls))),
    textArrayLiteral(sheets.map(({ carrier }) => carrier)),
    textArrayLiteral(sheets.map(({ trackingNumber }) => trackingNumber)),
    textArrayLiteral(sheets.map(({ failureCode }) => failureCode)),
    textArrayLiteral(sheets.map(({ createdAt }) => createdAt.toISOString())),
    textArrayLiteral(sheets.map(({ changedAt }) => changedAt.toISOString())),
  ];
}
