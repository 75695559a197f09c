import { arrayLiteral, type Queryable, type Tx, textArrayLiteral } from "@ordermesh/postgres/tx";

/** Where an item stands, once an action was about it. */
export interface ItemRow {
  readonly orderId: bigint;
  readonly sku: number;
  readonly state: string;
}

export async function findItems(tx: Queryable, orderIds: readonly bigint[]): Promise<ItemRow[]> {
  const rows = await tx.query<{ order_id: bigint; sku: bigint; state: string }>(
    `select order_id, sku, state from order_items where order_id = any($1::bigint[]) order by order_id, sku`,
    [arrayLiteral(orderIds)],
  );
  return rows.map(({ order_id, sku, state }) => ({ orderId: order_id, sku: Number(sku), state }));
}

/** Writes where items stand, under the lock of their orders. */
export function writeItems(tx: Tx, items: readonly ItemRow[]): void {
  if (items.length === 0) {
    return;
  }
  tx.execute(
    `insert into order_items (order_id, sku, state)
     select * from unnest($1::bigint[], $2::bigint[], $3::text[])
     on conflict (order_id, sku) do update set state = excluded.state`,
    [
      arrayLiteral(items.map(({ orderId }) => orderId)),
      arrayLiteral(items.map(({ sku }) => sku)),
      textArrayLiteral(items.map(({ state }) => state)),
    ],
  );
}
