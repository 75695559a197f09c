import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Sizes } from "./sizes.ts";
import { skuCount } from "./workloads.ts";

/** The rows of one order of three lines, as LOMS writes them. Its SKUs ascend, so that no two clients deadlock. */
const script = `
\\set id random(1000000000000, 9000000000000000)
\\set sku1 random(1, ${skuCount / 4})
\\set sku2 random(${skuCount / 4 + 1}, ${skuCount / 2})
\\set sku3 random(${skuCount / 2 + 1}, ${skuCount})
\\startpipeline
begin;
insert into idempotency_keys (method, caller, key, request_hash, subject_id)
  values ('CreateOrder', 'user:1', :id::bigint::text, sha256(:id::bigint::text::bytea), :id);
select count(*) from (select from stock_levels where sku in (:sku1, :sku2, :sku3)
  order by sku, warehouse_id for no key update) as locked;
insert into orders (id, user_id, status, version, currency_code, total_minor, created_at, payment_due_at)
  values (:id, 1, 'awaiting_payment', 2, 'EUR', 1000, now(), now() + interval '10 minutes');
insert into order_history (order_id, version, status, changed_at)
  values (:id, 1, 'new', now()), (:id, 2, 'awaiting_payment', now());
insert into order_lines (order_id, sku, quantity, name, unit_price_minor)
  values (:id, :sku1, 1, 'Product number 1', 100), (:id, :sku2, 1, 'Product number 2', 100),
    (:id, :sku3, 1, 'Product number 3', 100);
insert into reservation_ledger (holder_id, sku, warehouse_id, quantity, resolves, entry)
  values (:id, :sku1, 1, 1, false, 'reserved'), (:id, :sku2, 1, 1, false, 'reserved'),
    (:id, :sku3, 1, 1, false, 'reserved');
update stock_levels set reserved = reserved + 1 where sku in (:sku1, :sku2, :sku3) and warehouse_id = 1;
insert into timers (subject_id, kind, step, due_at)
  values (:id, 'payment_deadline', 2, now() + interval '10 minutes');
insert into outbox (aggregate_type, aggregate_id, type, payload, headers)
  select 'order', :id, 'ordermesh.events.v1.OrderCreated', decode(repeat('ab', 180), 'hex'),
    '{"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"}'::jsonb
  from generate_series(1, 2);
commit;
\\endpipeline
`;

/** @returns transactions per second as pgbench tells them, or why there are none. */
export async function pgbenchOrders(databaseUrl: string, sizes: Sizes): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "ordermesh-pgbench-"));
  const file = join(directory, "order.sql");
  await writeFile(file, script);
  try {
    const seconds = Math.max(1, Math.round((sizes.rounds * sizes.sliceMs) / 1_000));
    const output = await run("pgbench", [
      ...["--no-vacuum", "--protocol=prepared", "--client=16", "--jobs=2", `--time=${seconds}`],
      ...[`--file=${file}`, databaseUrl],
    ]);
    if (output === undefined) {
      return "there is no pgbench here";
    }
    const rate = /tps = ([\d.]+)/.exec(output)?.[1];
    if (rate === undefined || /number of failed transactions: [1-9]/.test(output)) {
      throw new Error(`pgbench failed: ${output}`);
    }
    return Number(rate).toFixed(0);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** @returns what it printed, or undefined if there is no such program. */
async function run(program: string, programArguments: readonly string[]): Promise<string | undefined> {
  const child = spawn(program, programArguments, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  try {
    await once(child, "close");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    throw error;
  }
  return output;
}
