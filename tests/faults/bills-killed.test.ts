import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { BillState, ShareState } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { startTcpProxy, type TcpProxy } from "@ordermesh/testkit/tcp-proxy";
import postgres from "postgres";
import { expect, onTestFinished, test } from "vitest";
import {
  cards,
  ledgerOf,
  type PayingHouse,
  type SeatedTable,
  startPayingHouse,
  tokenOf,
} from "../../apps/tables/test/bill-table.ts";
import type { GuestAtTable, TablesClient } from "../../apps/tables/test/table.ts";
import { faultRun } from "../harness/fault-run.ts";
import { type ServiceProcess, startServiceProcess } from "../harness/service-process.ts";
import { expectVerifyClean } from "../harness/verify-clean.ts";

/*
 * Paying a share takes steps in three databases, and at a provider. Tables, or payments, is killed with SIGKILL between
 * each two of them: the share is paid once, or can be paid again; the bill is settled, and its orders are paid.
 *
 * The moment is not left to chance: a link goes silent, or a lock holds up the transaction that comes next. Beside the
 * processes that are killed another tables and another payments run, which may go on where they ended.
 */

const run = faultRun("tables and payments killed while a share is being paid", {
  short: 1,
  whole: 1,
  long: 20,
});

interface Mesh {
  readonly paying: PayingHouse;
  readonly tables: ServiceProcess;
  readonly payments: ServiceProcess;
  /** Between the two. */
  readonly link: TcpProxy;
  /** Staff and guests who call the process that is killed. */
  clientOf(token: string): Promise<TablesClient>;
}

/** A share that is the whole bill, and its guest, who calls the process. */
interface Scene {
  readonly table: SeatedTable;
  readonly guest: GuestAtTable;
  readonly shareId: bigint;
  readonly billId: bigint;
  pay(key?: string): Promise<unknown>;
}

async function seat({ paying, clientOf }: Mesh): Promise<Scene> {
  const table = await paying.seat({ pastas: 1 });
  const { billId, shares } = await table.bill();
  const [share] = shares;
  const guest = { ...table.guests[0]!, client: await clientOf(table.guests[0]!.token) };
  const { sessionId } = table;
  const { shareId } = share!;
  const paymentMethod = await tokenOf(guest, sessionId, cards.good);
  return {
    table,
    guest,
    shareId,
    billId,
    pay: (idempotencyKey = "killed") =>
      guest.client.payShare({ sessionId, shareId, paymentMethod, idempotencyKey }, { timeoutMs: 30_000 }),
  };
}

/** Kills a process while something waits for a lock in a database, which is given back then. */
async function killWhileLocked(
  databaseUrl: string,
  statement: string,
  victim: ServiceProcess,
  application: "tables" | "payments",
  begin: () => Promise<unknown>,
): Promise<void> {
  const sql = postgres(databaseUrl, { max: 2, onnotice: () => {} });
  const connection = await sql.reserve();
  try {
    await connection.unsafe("begin");
    await connection.unsafe(statement);
    const outcome = begin().catch(() => undefined);
    await eventually(
      async () => {
        const waiting = await sql`select from pg_stat_activity where application_name = ${application}
          and datname = current_database() and wait_event_type = 'Lock'`;
        expect(waiting.length).toBeGreaterThan(0);
      },
      { everyMs: 5 },
    );
    await victim.kill();
    // Its last words wait for our lock on the server: they die as well.
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = ${application}
      and datname = current_database() and wait_event_type = 'Lock'`;
    await connection.unsafe("rollback");
    await outcome;
  } finally {
    connection.release();
    await sql.end();
  }
  await victim.restart();
}

async function untilPaid({ paying }: Mesh, { table, shareId }: Scene): Promise<void> {
  await eventually(
    async () => {
      expect(await table.share(shareId)).toMatchObject({ state: ShareState.PAID });
      expect((await table.bills())[0]?.state).toBe(BillState.SETTLED);
      expect(await table.statuses()).toEqual([OrderStatus.PAID]);
    },
    { timeoutMs: 60_000, everyMs: 100 },
  );
  expect(await ledgerOf(paying.paymentsSql, shareId)).toEqual({ captures: 1, kept: 1_100n });
  const { orderIds } = table;
  expect((await paying.loms.getOrder({ orderId: orderIds[0]! })).order?.status).toBe(OrderStatus.PAID);
}

/** Each is killed at another moment. */
const steps: Readonly<Record<string, (mesh: Mesh) => Promise<void>>> = {
  "the share is being paid, payments was not asked": async (mesh) => {
    const scene = await seat(mesh);
    const { sql } = mesh.paying.harness;
    mesh.link.silence();
    const outcome = scene.pay().catch(() => "lost");
    await eventually(
      async () =>
        expect(
          await sql`select from bill_shares where id = ${scene.shareId} and state = 'processing'`,
        ).toHaveLength(1),
      { everyMs: 5 },
    );
    await mesh.tables.kill();
    mesh.link.heal();
    expect(await outcome).toBe("lost");
    await mesh.tables.restart();
    expect(await scene.table.untilShare(scene.shareId, ShareState.UNPAID)).toMatchObject({
      declineCode: "interrupted",
    });
    expect(await ledgerOf(mesh.paying.paymentsSql, scene.shareId)).toMatchObject({ captures: 0 });
    await scene.pay("again");
    await untilPaid(mesh, scene);
  },

  "payments has captured, tables has not recorded it": async (mesh) => {
    const scene = await seat(mesh);
    await killWhileLocked(
      mesh.paying.harness.databaseUrl,
      `select from bills where id = ${scene.billId} for update`,
      mesh.tables,
      "tables",
      scene.pay,
    );
    await untilPaid(mesh, scene);
    expect(await scene.pay()).toMatchObject({ share: { state: ShareState.PAID } });
  },

  "the bill is settled, LOMS was not told": async (mesh) => {
    const scene = await seat(mesh);
    const { links, sql } = mesh.paying.harness;
    links.loms?.silence();
    await scene.pay();
    await eventually(async () =>
      expect(
        await sql`select from bill_orders where bill_id = ${scene.billId} and pay_tries > 0`,
      ).toHaveLength(1),
    );
    await mesh.tables.kill();
    links.loms?.heal();
    await mesh.tables.restart();
    await untilPaid(mesh, scene);
  },

  "LOMS knows that the order is paid, tables has not recorded it": async (mesh) => {
    const scene = await seat(mesh);
    await killWhileLocked(
      mesh.paying.harness.databaseUrl,
      `select from session_orders where order_id = ${scene.table.orderIds[0]} for update`,
      mesh.tables,
      "tables",
      scene.pay,
    );
    await untilPaid(mesh, scene);
  },

  "the provider has captured, payments has not recorded it": async (mesh) => {
    const scene = await seat(mesh);
    await killWhileLocked(
      mesh.paying.harness.databaseUrls.payments ?? "",
      "lock table outbox in share mode",
      mesh.payments,
      "payments",
      scene.pay,
    );
    await untilPaid(mesh, scene);
  },
};

test("killed between two steps: each share is paid by one capture, and its order is paid", {
  timeout: run.timeoutMs(120_000),
}, async () => {
  const mesh = await startMesh();
  const fired: Record<string, number> = {};
  for (let round = 0; round < run.rounds; round += 1) {
    for (const [name, step] of Object.entries(steps)) {
      await step(mesh);
      fired[name] = (fired[name] ?? 0) + 1;
    }
  }
  run.report(fired);
  expect(Object.values(fired)).toEqual(Object.keys(steps).map(() => run.rounds));
  const { harness } = mesh.paying;
  const examined = await expectVerifyClean({
    lomsDatabaseUrl: harness.databaseUrls.loms ?? "",
    paymentsDatabaseUrl: harness.databaseUrls.payments ?? "",
    tablesDatabaseUrl: harness.databaseUrl,
    paymentsSettleSeconds: 0,
    tablesSettleSeconds: 0,
    kafkaBrokers: harness.brokers,
  });
  const ofShares =
    "I16 a share that was paid by card has its captured payment, and no money is kept for another";
  expect(examined[ofShares]).toBeGreaterThanOrEqual(2 * run.rounds * Object.keys(steps).length);
});

async function startMesh(): Promise<Mesh> {
  // The one in this process is slow to look, so that it is the other one that is in the middle of something.
  const paying = await startPayingHouse({ environment: { TABLES_RECOVERY_EVERY_MS: "10000" } });
  onTestFinished(paying.stop);
  const { harness } = paying;
  const payments = await startServiceProcess("payments", {
    PAYMENTS_DATABASE_URL: harness.databaseUrls.payments ?? "",
    KAFKA_BROKERS: harness.brokers.join(),
    PROVIDER_TIMEOUT_MS: "1000",
    PAYMENTS_RECOVERY_AFTER_MS: "2000",
    ...harness.issuer.environment("payments"),
  });
  onTestFinished(async () => void (await payments.stop()));
  const link = await startTcpProxy({ host: "127.0.0.1", port: payments.port });
  onTestFinished(link.close);
  const tables = await startServiceProcess("tables", {
    ...harness.tablesEnvironment,
    PAYMENTS_ADDRESS: `127.0.0.1:${link.port}`,
    TABLES_RECOVERY_EVERY_MS: "50",
    TABLES_SHARE_CHECK_AFTER_MS: "3000",
  });
  onTestFinished(async () => void (await tables.stop()));
  return {
    paying,
    tables,
    payments,
    link,
    clientOf: (token) => harness.client(TablesService, token, { address: `127.0.0.1:${tables.port}` }),
  };
}
