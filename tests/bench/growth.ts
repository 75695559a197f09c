import postgres from "postgres";
import { loadFor } from "./closed-loop.ts";
import type { DatabaseServer } from "./installation.ts";
import { prepareLomsDatabase } from "./loms-database.ts";
import {
  costCell,
  interleave,
  measure,
  measurementCells,
  measurementColumns,
  medianRatio,
} from "./measurement.ts";
import { openBatchedPath, ordersOf } from "./order-paths.ts";
import type { Section } from "./report.ts";
import type { Sizes } from "./sizes.ts";
import { skuCount } from "./workloads.ts";

const concurrency = 64;

/** Whether creating orders becomes slower as there are more of them. */
export async function growth(server: DatabaseServer, sizes: Sizes): Promise<Section> {
  const few = await openFilled(server, "loms_few", sizes.fewOrders);
  const many = await openFilled(server, "loms_many", sizes.manyOrders);
  const processes = { node: process.pid, postgres: server.pid };
  const create = (path: typeof few) => {
    const next = ordersOf("uniform", 4);
    return () => measure(processes, () => loadFor(sizes.sliceMs, concurrency, () => path.create(next())));
  };
  try {
    const results = await interleave(sizes.rounds, { few: create(few), many: create(many) });
    const ratio = medianRatio(results.many, results.few);
    return {
      title: "Growth",
      method:
        `createOrder inside LOMS, C = ${concurrency}, uniform, in a database that holds so many paid orders of three ` +
        "lines with their history, keys and ledger already.",
      table: {
        columns: [...measurementColumns, "cost"],
        rows: [
          [...measurementCells(`${sizes.fewOrders} orders before`, results.few), costCell(results.few)],
          [...measurementCells(`${sizes.manyOrders} orders before`, results.many), costCell(results.many)],
        ],
      },
      targets: [
        {
          what: `createOrder at ${sizes.manyOrders} orders, to its rate at ${sizes.fewOrders}`,
          measured: ratio,
          bound: "at least",
          target: 0.9,
        },
      ],
    };
  } finally {
    await few.close();
    await many.close();
  }
}

async function openFilled(server: DatabaseServer, database: string, orders: number) {
  const url = server.urlOf(database);
  await prepareLomsDatabase(url);
  await fill(url, orders);
  return openBatchedPath(url);
}

/** Ids from the middle of the range of bigint, which LOMS will not give out during the benchmark. */
const firstId = 1_000_000_000_000;

async function fill(url: string, orders: number): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  const lines = `select o.id, 1 + (o.number::bigint * 7919 + line * 3331) % ${skuCount} as sku
    from filled o cross join generate_series(1, 3) as line`;
  try {
    await sql.unsafe(`create temporary table filled as
      select ${firstId} + number as id, number, now() - (${orders} - number) * interval '1 second' as created_at
      from generate_series(1, ${orders}) as number`);
    await sql.unsafe(`insert into orders (id, user_id, status, version, currency_code, total_minor, created_at, payment_due_at)
      select id, 1 + number % 100000, 'paid', 3, 'EUR', 1000, created_at, created_at + interval '10 minutes' from filled`);
    await sql.unsafe(`insert into order_lines (order_id, sku, quantity, name, unit_price_minor)
      select id, sku, 1, 'Product number ' || sku, 100 from (${lines}) as line`);
    await sql.unsafe(`insert into order_history (order_id, version, status, changed_at)
      select id, version, status, created_at from filled
      cross join (values (1, 'new'::order_status), (2, 'awaiting_payment'), (3, 'paid')) as life (version, status)`);
    await sql.unsafe(`insert into reservation_ledger (holder_id, sku, warehouse_id, quantity, resolves, entry)
      select id, sku, 1, 1, entry <> 'reserved', entry from (${lines}) as line
      cross join (values ('reserved'::ledger_entry), ('committed')) as life (entry)`);
    await sql.unsafe(`insert into idempotency_keys (method, caller, key, request_hash, subject_id)
      select 'CreateOrder', 'user:' || 1 + number % 100000, 'filled-' || number, sha256(number::text::bytea), id from filled`);
    await sql`vacuum analyze`;
  } finally {
    await sql.end();
  }
}
