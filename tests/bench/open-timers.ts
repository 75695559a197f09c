import { findDueKinds } from "@ordermesh/app-loms/sql/timers";
import { fireOrderTimers, fireReservationTimers } from "@ordermesh/app-loms/timers";
import { durationProfiles } from "@ordermesh/app-loms/workflows/durations";
import { timerNames } from "@ordermesh/app-loms/workflows/names";
import { openDatabase } from "@ordermesh/postgres/database";
import { startTracing } from "@ordermesh/telemetry/tracing";
import postgres from "postgres";
import type { DatabaseServer } from "./installation.ts";
import { prepareLomsDatabase } from "./loms-database.ts";
import { skuCount } from "./workloads.ts";

/** A database with many timers that wait, and what LOMS does with them. */
export interface OpenTimers {
  /** One look of the loop that fires the timers of orders, when none is due. */
  pollOrders(): Promise<void>;
  /** The same of the loop for reservations. */
  pollReservations(): Promise<void>;
  /** Makes so many of them due, of two kinds, as many of each. */
  makeDue(count: number): Promise<void>;
  /** Looks and fires until none is due, as the loop does. @returns how many fired. */
  fire(): Promise<number>;
  close(): Promise<void>;
}

const timeoutMs = 20_000;
const settings = { durations: durationProfiles.production, voucherKey: undefined };

/** Ids from the middle of the range of bigint, which LOMS would not give out. */
const firstId = 1_000_000_000_000;

/** @param count how many timers wait: two for each order, as orders have that were shipped lately. */
export async function openTimers(server: DatabaseServer, count: number): Promise<OpenTimers> {
  const url = server.urlOf("loms_timers");
  await prepareLomsDatabase(url);
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  await insertShippedOrders(sql, count / 2);
  const database = openDatabase({ url, applicationName: "timers", connectionsMax: 2, timeoutMs });
  const tracing = await startTracing({ service: "bench", version: "0", endpoint: undefined, sampleRatio: 0 });
  const parts = { database, settings, tracing };
  let nextOrder = firstId + 1;

  /** The next orders: one whose timer fired does not come again. */
  async function makeKindDue(kind: string, orders: number): Promise<void> {
    const { count: changed } = await sql`update timers set due_at = now()
      where kind = ${kind} and subject_id >= ${nextOrder}::bigint and subject_id < ${nextOrder + orders}::bigint
        and kind <> 'payment_deadline'`;
    if (changed !== orders) {
      throw new Error(`There are no ${orders} more timers ${kind}.`);
    }
    nextOrder += orders;
  }

  return {
    async pollOrders() {
      assertNone((await database.read((db) => findDueKinds(db, timerNames))).length);
    },
    async pollReservations() {
      assertNone((await fireReservationTimers(database)).fired);
    },
    async makeDue(wanted) {
      await makeKindDue("auto_ack_shipping", Math.ceil(wanted / 2));
      await makeKindDue("enable_extending", Math.floor(wanted / 2));
    },
    async fire() {
      let fired = 0;
      for (;;) {
        const kinds = await database.read((db) => findDueKinds(db, timerNames));
        if (kinds.length === 0) {
          return fired;
        }
        for (const kind of kinds) {
          fired += assertAllChanged(await fireOrderTimers(parts, kind));
        }
      }
    },
    async close() {
      await database.close();
      await sql.end();
    },
  };
}

function assertNone(due: number): void {
  if (due > 0) {
    throw new Error("A timer of the benchmark was due too early.");
  }
}

function assertAllChanged({ fired, changes }: Awaited<ReturnType<typeof fireOrderTimers>>): number {
  const changed = changes.filter(({ outcome }) => outcome.kind === "done" && outcome.changed).length;
  if (fired === 0 || changed !== fired) {
    throw new Error(`Of ${fired} timers of the benchmark ${changed} did something.`);
  }
  return fired;
}

async function insertShippedOrders(sql: postgres.Sql, orders: number): Promise<void> {
  await sql.unsafe(`create temporary table filled as
    select ${firstId} + number as id, number, now() - number % 6 * interval '1 day' as shipped_at
    from generate_series(1, ${orders}) as number`);
  await sql.unsafe(`insert into orders (id, user_id, status, version, step, currency_code, total_minor, created_at, payment_due_at)
    select id, 1 + number % 100000, 'shipped', 4, 4, 'EUR', 100, shipped_at, shipped_at + interval '10 minutes' from filled`);
  await sql.unsafe(`insert into order_lines (order_id, sku, quantity, name, unit_price_minor)
    select id, 1 + number % ${skuCount}, 1, 'Product number ' || 1 + number % ${skuCount}, 100 from filled`);
  await sql.unsafe(`insert into order_fulfillments (order_id, carrier, tracking_number, shipped_at)
    select id, 'Carrier', 'T' || number, shipped_at from filled`);
  await sql.unsafe(`insert into timers (subject_id, kind, step, due_at)
    select id, kind, 4, shipped_at + days * interval '1 day' + number * interval '1 millisecond' from filled
    cross join (values ('enable_extending', 7), ('auto_ack_shipping', 15)) as timer (kind, days)`);
  await sql`vacuum analyze`;
}
