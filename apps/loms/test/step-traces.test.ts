import { eventually } from "@ordermesh/testkit/eventually";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LomsHarness, startLomsHarness } from "./loms-harness.ts";
import { type OrderWalk, walkOrders } from "./order-walk.ts";

/* Each step of an order names the trace of what made it. */

let harness: LomsHarness;
let walk: OrderWalk;
let sql: postgres.Sql;

beforeAll(async () => {
  harness = await startLomsHarness({ timersEveryMs: 20 });
  walk = walkOrders(harness.orders);
  sql = postgres(harness.database.url, { max: 1, onnotice: () => {} });
});

afterAll(async () => {
  await sql.end();
  await harness.stop();
});

const traces = {
  created: "0af7651916cd43dd8448eb211c80319c",
  paid: "4bf92f3577b34da6a3ce929d0e0e4736",
  shipped: "00000000000000000000000000000abc",
  repeated: "11111111111111111111111111111111",
};

/** Has a call belong to a trace. */
function within(trace: keyof typeof traces, flags = "01") {
  return { headers: { traceparent: `00-${traces[trace]}-b7ad6b7169203331-${flags}` } };
}

async function traceIds(orderId: bigint): Promise<string[]> {
  const { entries } = await harness.orders.getHistory({ orderId });
  return entries.map(({ traceId }) => traceId);
}

/** An order that has been paid and shipped, each by a call of its own. */
async function shipped(): Promise<bigint> {
  const [sku = 0] = await walk.stock(10);
  const { orderId } = await harness.orders.createOrder(
    { userId: 1n, idempotencyKey: `${sku}`, lines: [{ sku, quantity: 1 }] },
    within("created"),
  );
  await harness.orders.payOrder({ orderId }, within("paid", "00"));
  await harness.orders.applyAction(
    { orderId, role: "S", action: "ship the order", idempotencyKey: `ship ${orderId}` },
    within("shipped"),
  );
  return orderId;
}

test("a step has the trace of its call, also in the answer of the action and of its repetition", async () => {
  const orderId = await shipped();
  const { created, paid } = traces;
  const { entries } = await harness.orders.getHistory({ orderId });
  expect(entries.map(({ traceRecorded }) => traceRecorded)).toEqual([true, true, false, true]);
  expect(await traceIds(orderId)).toEqual([created, created, paid, traces.shipped]);
  const again = await harness.orders.applyAction(
    { orderId, role: "S", action: "ship the order", idempotencyKey: `ship ${orderId}` },
    within("repeated"),
  );
  expect(again.replayed).toBe(true);
  expect(again.steps.map(({ traceId }) => traceId)).toEqual([traces.shipped]);
});

test("orders of one batch keep their traces apart", async () => {
  const [sku = 0] = await walk.stock(100);
  const wanted = Array.from({ length: 40 }, (_, index) => `${index + 1}`.padStart(32, "0"));
  const made = await Promise.all(
    wanted.map((traceId, index) =>
      harness.orders.createOrder(
        { userId: 1n, idempotencyKey: `batch ${index}`, lines: [{ sku, quantity: 1 }] },
        { headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` } },
      ),
    ),
  );
  const found = await Promise.all(made.map(({ orderId }) => traceIds(orderId)));
  expect(found).toEqual(wanted.map((traceId) => [traceId, traceId]));
});

test("each timer that fires is a trace of its own, which what follows from it shares", async () => {
  const [sku = 0] = await walk.stock(10);
  const request = { userId: 1n, lines: [{ sku, quantity: 1 }], paymentWindow: { seconds: 1n } };
  const made = await Promise.all(
    ["one", "two"].map((idempotencyKey) =>
      harness.orders.createOrder({ ...request, idempotencyKey }, within("created")),
    ),
  );
  const fired = await Promise.all(
    made.map(({ orderId }) =>
      eventually(
        async () => {
          const { entries } = await harness.orders.getHistory({ orderId, afterVersion: 2 });
          expect(entries[0]).toMatchObject({ actor: "timer", action: "no payment" });
          expect(new Set(entries.map(({ traceId }) => traceId)).size).toBe(1);
          return entries[0]?.traceId ?? "";
        },
        { timeoutMs: 20_000 },
      ),
    ),
  );
  for (const traceId of fired) {
    expect(traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
  }
  expect(new Set([...fired, traces.created]).size).toBe(3);
});

test("one that is fired by hand belongs to the call that did it", async () => {
  const orderId = await shipped();
  const { steps } = await harness.orders.runTimerNow(
    { orderId, timer: "auto_ack_shipping" },
    within("repeated"),
  );
  expect(steps[0]?.traceId).toBe(traces.repeated);
});

test("steps from before traces were kept have none, and all else of them is told", async () => {
  const orderId = await shipped();
  await sql`update order_history set trace_id = null where order_id = ${`${orderId}`} and version < 4`;
  const { entries } = await harness.orders.getHistory({ orderId });
  expect(entries.map(({ version, traceId }) => [version, traceId])).toEqual([
    [1, ""],
    [2, ""],
    [3, ""],
    [4, traces.shipped],
  ]);
});
