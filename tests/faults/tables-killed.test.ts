import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { SessionState } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { expect, onTestFinished, test } from "vitest";
import { openHouse, serve, type TablesClient } from "../../apps/tables/test/table.ts";
import { startTablesHarness, type TablesHarness } from "../../apps/tables/test/tables-harness.ts";
import { faultRun } from "../harness/fault-run.ts";
import { type ServiceProcess, startServiceProcess } from "../harness/service-process.ts";
import { expectVerifyClean } from "../harness/verify-clean.ts";

/*
 * Placing an order and closing a session by force take several steps, in two databases. Tables is killed with SIGKILL
 * between each two of them, and started again: the order is there once, or the session is closed with all that belongs to
 * it, and nothing is left behind.
 *
 * The moment is not left to chance: either the link to LOMS goes silent, so that nothing is answered, or a lock in the
 * database of tables holds up the transaction that comes next.
 */

const run = faultRun("tables killed between two steps", { short: 1, whole: 3, long: 100 });

/** A session with a guest, of which one step is held up. */
interface Scene {
  readonly harness: TablesHarness;
  readonly staff: TablesClient;
  readonly guest: { readonly client: TablesClient; readonly guestId: bigint };
  readonly sessionId: bigint;
  readonly sku: number;
}

const order = ({ guest, sessionId, sku }: Scene, key: string) =>
  guest.client.placeOrder(
    { sessionId, lines: [{ sku, quantity: 1 }], idempotencyKey: key },
    { timeoutMs: 20_000 },
  );

const forceClose = ({ staff, sessionId }: Scene) =>
  staff.closeSession({ sessionId, force: true, reason: "fire" }, { timeoutMs: 20_000 });

async function expectPlacedOnce(scene: Scene): Promise<void> {
  const { harness, staff, sessionId, guest } = scene;
  const placed = await eventually(async () => {
    const { session } = await staff.getSession({ sessionId });
    expect(session?.orders).toHaveLength(1);
    return session?.orders[0];
  });
  expect(await order(scene, "killed")).toMatchObject({ replayed: true, order: { orderId: placed?.orderId } });
  const token = await harness.issuer.serviceToken("tables", "loms");
  const loms = await harness.client(LomsService, token, "loms");
  expect((await loms.listOrders({ userId: guest.guestId })).orders).toHaveLength(1);
  await serve(staff, sessionId, placed?.orderId ?? 0n);
  await staff.closeSession({ sessionId });
}

async function expectClosed({ staff, sessionId }: Scene): Promise<void> {
  await eventually(async () => {
    const { session } = await staff.getSession({ sessionId });
    expect(session).toMatchObject({ state: SessionState.CLOSED, closeReason: "fire" });
    expect(session?.orders.map(({ status }) => status)).toEqual([OrderStatus.CANCELED]);
  });
}

/** A call that is held up after a certain step, and what must become of it. */
interface Step {
  readonly name: string;
  call(scene: Scene): Promise<unknown>;
  /** What holds it up in the database of tables, unless LOMS is silent. */
  lock?(scene: Scene): string;
  check(scene: Scene): Promise<void>;
}

const placed: Step = {
  name: "the order is written, LOMS has not answered",
  call: (scene) => order(scene, "killed"),
  check: expectPlacedOnce,
};
const made: Step = {
  ...placed,
  name: "LOMS has made the order, it is not recorded",
  lock: () => "lock table session_changes in share mode",
};
const closing: Step = {
  name: "the session is closing, LOMS has not ended its order",
  call: forceClose,
  check: expectClosed,
};
const ended: Step = {
  ...closing,
  name: "LOMS has ended the order, it is not recorded",
  lock: ({ sessionId }) => `select from session_orders where session_id = ${sessionId} for update`,
};
const allEnded: Step = {
  ...closing,
  name: "all is ended, the session is not closed",
  // The last thing that closing does is to take the tokens away.
  lock: ({ sessionId }) => `select from guests where session_id = ${sessionId} for update`,
};

/** Steps that one kill can interrupt at once. */
const kills: readonly (readonly Step[])[] = [[placed, closing], [made], [ended, allEnded]];

/** Runs the steps up to where they are held up, kills the process, and starts it again with nothing in its way. */
async function killDuring(
  process: ServiceProcess,
  steps: readonly (readonly [Step, Scene])[],
): Promise<void> {
  const { harness } = steps[0]![1];
  const { sql, links } = harness;
  const locks = steps.flatMap(([step, scene]) => step.lock?.(scene) ?? []);
  const connection = await sql.reserve();
  await connection.unsafe("begin");
  for (const lock of locks) {
    await connection.unsafe(lock);
  }
  if (locks.length === 0) {
    links.loms?.silence();
  }
  const outcomes = Promise.allSettled(steps.map(([step, scene]) => step.call(scene)));
  await eventually(
    async () => {
      const held =
        locks.length === 0
          ? await sql`select from session_orders where idempotency_key = 'killed' and status = 'placing'
              union all select from sessions where state = 'closing'`
          : await sql`select from pg_stat_activity where application_name = 'tables'
              and datname = current_database() and wait_event_type = 'Lock'`;
      expect(held.length).toBeGreaterThanOrEqual(steps.length);
    },
    { everyMs: 5 },
  );
  await process.kill();
  // Its last words wait for our locks on the server: they die as well.
  await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tables'
    and datname = current_database() and wait_event_type = 'Lock'`;
  await connection.unsafe("rollback");
  connection.release();
  links.loms?.heal();
  expect((await outcomes).map(({ status }) => status)).toEqual(steps.map(() => "rejected"));
  await process.restart();
}

test("killed between two steps: the next process finishes them", {
  timeout: run.timeoutMs(30_000),
}, async () => {
  const harness = await startTablesHarness({ neighbors: ["product", "loms"] });
  onTestFinished(harness.stop);
  const process = await startServiceProcess("tables", {
    ...harness.tablesEnvironment,
    TABLES_RECOVERY_AFTER_MS: "5000",
    TABLES_RECOVERY_EVERY_MS: "50",
  });
  onTestFinished(async () => void (await process.stop()));
  const target = { address: `127.0.0.1:${process.port}` };
  const house = await openHouse(harness);
  const staff = await harness.client(TablesService, await harness.sellerToken(house.ownerId), target);
  const fired: Record<string, number> = {};
  for (let round = 0; round < run.rounds; round += 1) {
    const scenes: [Step, Scene][] = [];
    for (const step of kills[round % kills.length] ?? []) {
      const { sessionId, join } = await house.open();
      const { token, guestId } = await join("Ada");
      const client = await harness.client(TablesService, token, target);
      const scene = { harness, staff, guest: { client, guestId }, sessionId, sku: house.espresso };
      if (step.call === forceClose) {
        await order(scene, "before");
      }
      scenes.push([step, scene]);
    }
    await killDuring(process, scenes);
    for (const [step, scene] of scenes) {
      await step.check(scene);
      fired[step.name] = (fired[step.name] ?? 0) + 1;
    }
  }
  run.report(fired);
  expect(Object.keys(fired)).toHaveLength(run.rounds < kills.length ? 1 : kills.flat().length);
  await expectVerifyClean({
    lomsDatabaseUrl: harness.databaseUrls.loms ?? "",
    tablesDatabaseUrl: harness.databaseUrl,
    kafkaBrokers: harness.brokers,
  });
});
