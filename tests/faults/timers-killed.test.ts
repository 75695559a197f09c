import { Code, ConnectError } from "@connectrpc/connect";
import { pause } from "@ordermesh/process/wait";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import postgres from "postgres";
import { expect, onTestFinished, test } from "vitest";
import { faultRun } from "../harness/fault-run.ts";
import { startInstallation } from "../harness/installation.ts";
import { receiveStock } from "../harness/order-load.ts";

/*
 * F29: three LOMS fire the timers of workflows, and one after the other is killed with SIGKILL while they do. Every timer
 * fires once, and not later than five seconds, although its process may be gone in the middle of it. A round is a kill, with
 * forty orders that go through three timers each: completed by itself, after the time for refunds settled, and a refund
 * that nobody answers.
 */

const ordersPerRound = 40;
const responseMs = 1_500;
const lateMsMax = 5_000;
const sku = 1;

const run = faultRun("timers under kill -9", { short: 2, whole: 4, long: 60 });

/** @returns false; anything else than that the order has gone on is thrown. */
function isTooLate(thrown: unknown): false {
  if (ConnectError.from(thrown).code !== Code.FailedPrecondition) {
    throw thrown;
  }
  return false;
}

interface Fired {
  readonly action: string;
  readonly rows: number;
  readonly orders: number;
  readonly latestMs: number;
}

test("every timer fires once and in time, whoever is killed", {
  timeout: run.timeoutMs(15_000),
}, async () => {
  const installation = await startInstallation({
    replicas: { loms: 3, product: 0, checkout: 0, notifications: 0 },
    environment: {
      loms: {
        TIMERS_EVERY_MS: "20",
        WORKFLOW_SELLER_RESPONSE_MS: `${responseMs}`,
        WORKFLOW_RECEPTION_CONFIRMATION_MS: `${responseMs}`,
        WORKFLOW_REFUND_REQUEST_WINDOW_MS: `${responseMs}`,
      },
    },
  });
  onTestFinished(installation.stop);
  // With retries: what is killed is whoever fires timers, not whoever asks.
  const orders = await installation.client(LomsService, "loms");
  await receiveStock(orders, [sku], 1_000_000);
  const sql = postgres(installation.databaseUrls.loms, { max: 1, onnotice: () => {} });
  onTestFinished(() => sql.end());
  const { random } = run;
  let placed = 0;
  let asked = 0;

  /**
   * Of every other order a refund is asked for, which nobody answers. On a machine that is busy with other things the time
   * for that may be over: then there is none.
   */
  async function place(index: number): Promise<void> {
    const { orderId } = await orders.createOrder({
      userId: 1n,
      idempotencyKey: `order ${index}`,
      lines: [{ sku, quantity: 1, unitPrice: { currencyCode: "EUR", amountMinor: 100n } }],
    });
    const act = (role: string, action: string, itemSku = 0) =>
      orders.applyAction({ orderId, role, action, itemSku, idempotencyKey: `${action} ${index}` });
    await orders.payOrder({ orderId });
    await act("S", "ship the order");
    if (index % 2 === 0) {
      const isAsked = await act("B", "request refund", sku).then(() => true, isTooLate);
      asked += isAsked ? 1 : 0;
    }
  }

  for (let round = 0; round < run.rounds; round += 1) {
    const first = placed;
    placed += ordersPerRound;
    await Promise.all(Array.from({ length: ordersPerRound }, (_, index) => place(first + index)));
    await pause(random.integer(0, 2 * responseMs));
    const victim = random.pick(installation.services.loms);
    await victim.kill();
    await pause(random.integer(0, responseMs));
    await victim.restart();
  }

  const fired = await eventually(
    async () => {
      const rows = await sql<Fired[]>`
          select h.action, count(*)::int as rows, count(distinct h.order_id)::int as orders,
            max(extract(epoch from h.changed_at - before.changed_at) * 1000)::float8 - ${responseMs} as "latestMs"
          from order_history h
          join lateral (
            -- The step that started it: the last one before that asked for something.
            select changed_at from order_history b
            where b.order_id = h.order_id and b.version < h.version
              and b.action = case h.action when 'seller no response' then 'request refund'
                when 'auto ack reception of order' then 'ship the order' else 'auto ack reception of order' end
            order by version desc limit 1
          ) as before on true
          where h.actor = 'timer' group by h.action order by h.action`;
      expect(rows.map(({ action, orders: of }) => [action, of])).toEqual([
        ["auto ack reception of order", placed],
        // An order with an open refund waits for it.
        ["no refund request", placed - asked],
        ["seller no response", asked],
      ]);
      return rows;
    },
    { timeoutMs: 60_000, everyMs: 200 },
  );
  run.report({
    kills: run.rounds,
    "timers fired": fired.reduce((sum, { rows }) => sum + rows, 0),
    "ms the latest": Math.round(Math.max(...fired.map(({ latestMs }) => latestMs))),
  });
  expect(fired.filter(({ rows, orders: of }) => rows !== of)).toEqual([]);
  expect(Math.max(...fired.map(({ latestMs }) => latestMs))).toBeLessThan(lateMsMax);
  const due = await sql`select from timers where due_at < now() - interval '5 seconds'`;
  expect(due).toHaveLength(0);
  await installation.expectVerifyClean();
});
