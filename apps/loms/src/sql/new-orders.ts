import { arrayLiteral, type Tx, textArrayLiteral } from "@ordermesh/postgres/tx";
import type { Order } from "../domain/order.ts";

/**
 * Writes orders that do not exist yet, with their lines and the two history rows that each is born with: it was
 * recorded, and it was supplied or not.
 */
export function insertOrders(tx: Tx, orders: readonly Order[]): void {
  if (orders.length === 0) {
    return;
  }
  const ids = arrayLiteral(orders.map((order) => order.id));
  const statuses = arrayLiteral(orders.map((order) => order.status));
  const createdAt = arrayLiteral(orders.map((order) => order.createdAt.toISOString()));
  tx.execute(
    `insert into orders (id, user_id, status, version, currency_code, total_minor, shortages, created_at,
       payment_due_at)
     select id, user_id, status, 2, currency_code, total_minor, shortages::jsonb, created_at, payment_due_at
     from unnest($1::bigint[], $2::bigint[], $3::order_status[], $4::text[], $5::bigint[], $6::text[],
       $7::timestamptz[], $8::timestamptz[])
       as o (id, user_id, status, currency_code, total_minor, shortages, created_at, payment_due_at)`,
    [
      ids,
      arrayLiteral(orders.map((order) => order.userId)),
      statuses,
      arrayLiteral(orders.map((order) => order.total?.currencyCode ?? "null")),
      arrayLiteral(orders.map((order) => order.total?.amountMinor ?? "null")),
      textArrayLiteral(
        orders.map((order) => (order.status === "failed" ? JSON.stringify(order.shortages) : undefined)),
      ),
      createdAt,
      arrayLiteral(orders.map((order) => order.paymentDueAt.toISOString())),
    ],
  );
  tx.execute(
    `insert into order_history (order_id, version, status, changed_at)
     select o.id, birth.version, coalesce(birth.status, o.status), o.created_at
     from unnest($1::bigint[], $2::order_status[], $3::timestamptz[]) as o (id, status, created_at)
     cross join (values (1, 'new'::order_status), (2, null)) as birth (version, status)`,
    [ids, statuses, createdAt],
  );
  insertLines(tx, orders);
}

/** The hottest rows of all, so their columns are gathered in one pass and without an object for each line. */
function insertLines(tx: Tx, orders: readonly Order[]): void {
  const orderIds: bigint[] = [];
  const skus: number[] = [];
  const quantities: number[] = [];
  const names: string[] = [];
  const unitPrices: (number | string)[] = [];
  for (const { id, lines } of orders) {
    for (const line of lines) {
      orderIds.push(id);
      skus.push(line.sku);
      quantities.push(line.quantity);
      names.push(line.name);
      unitPrices.push(line.unitPriceMinor ?? "null");
    }
  }
  tx.execute(
    `insert into order_lines (order_id, sku, quantity, name, unit_price_minor)
     select * from unnest($1::bigint[], $2::bigint[], $3::int[], $4::text[], $5::bigint[])`,
    [
      arrayLiteral(orderIds),
      arrayLiteral(skus),
      arrayLiteral(quantities),
      textArrayLiteral(names),
      arrayLiteral(unitPrices),
    ],
  );
}
