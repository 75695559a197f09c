import { arrayLiteral, type Tx, textArrayLiteral } from "@ordermesh/postgres/tx";
import type { Order, PinnedWorkflow } from "../domain/order.ts";
import type { StepTrace } from "../domain/order-step.ts";

/**
 * Writes orders that do not exist yet, with their lines and the two history rows that each is born with: it was
 * recorded, and it was supplied or not.
 *
 * @param traces of the calls that made them, in the same order; undefined: of none.
 */
export function insertOrders(
  tx: Tx,
  orders: readonly Order[],
  traces: readonly (StepTrace | undefined)[],
): void {
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
      arrayLiteral(orders.map((order) => order.paymentDueAt?.toISOString() ?? "null")),
    ],
  );
  tx.execute(
    `insert into order_history (order_id, version, status, changed_at, trace_id, trace_recorded)
     select o.id, birth.version, coalesce(birth.status, o.status), o.created_at, o.trace_id, o.trace_recorded
     from unnest($1::bigint[], $2::order_status[], $3::timestamptz[], $4::uuid[], $5::boolean[])
       as o (id, status, created_at, trace_id, trace_recorded)
     cross join (values (1, 'new'::order_status), (2, null)) as birth (version, status)`,
    [
      ids,
      statuses,
      createdAt,
      arrayLiteral(traces.map((trace) => trace?.id ?? "null")),
      arrayLiteral(traces.map((trace) => trace?.isRecorded ?? "null")),
    ],
  );
  insertLines(tx, orders);
}

/** What an order has without another word: the columns' defaults. */
const defaultWorkflow: PinnedWorkflow = { name: "product", version: 1 };

/** Notes with which definition orders begin, right after they were written. */
export function pinWorkflows(tx: Tx, orders: readonly Order[]): void {
  const others = orders.filter(
    ({ workflow }) => workflow.name !== defaultWorkflow.name || workflow.version !== defaultWorkflow.version,
  );
  if (others.length === 0) {
    return;
  }
  tx.execute(
    `update orders o set workflow = w.name, workflow_version = w.version
     from unnest($1::bigint[], $2::order_workflow[], $3::smallint[]) as w (id, name, version) where o.id = w.id`,
    [
      arrayLiteral(others.map(({ id }) => id)),
      arrayLiteral(others.map(({ workflow }) => workflow.name)),
      arrayLiteral(others.map(({ workflow }) => workflow.version)),
    ],
  );
}

/** The hottest rows of all, so their columns are gathered in one pass and without an object for each line. */
function insertLines(tx: Tx, orders: readonly Order[]): void {
  const orderIds: bigint[] = [];
  const skus: number[] = [];
  const quantities: number[] = [];
  const names: string[] = [];
  const unitPrices: (number | string)[] = [];
  let haveAttributes = false;
  for (const { id, lines } of orders) {
    for (const line of lines) {
      orderIds.push(id);
      skus.push(line.sku);
      quantities.push(line.quantity);
      names.push(line.name);
      unitPrices.push(line.unitPriceMinor ?? "null");
      haveAttributes ||= line.attributes !== undefined;
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
  if (haveAttributes) {
    insertAttributes(tx, orders);
  }
}

function insertAttributes(tx: Tx, orders: readonly Order[]): void {
  const lines = orders.flatMap(({ id, lines: ofOrder }) =>
    ofOrder.flatMap(({ sku, attributes }) => (attributes === undefined ? [] : [{ id, sku, attributes }])),
  );
  tx.execute(
    `update order_lines l set attributes = a.attributes::jsonb
     from unnest($1::bigint[], $2::bigint[], $3::text[]) as a (order_id, sku, attributes)
     where l.order_id = a.order_id and l.sku = a.sku`,
    [
      arrayLiteral(lines.map(({ id }) => id)),
      arrayLiteral(lines.map(({ sku }) => sku)),
      textArrayLiteral(lines.map(({ attributes }) => JSON.stringify(attributes))),
    ],
  );
}
