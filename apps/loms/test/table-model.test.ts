import { Code } from "@connectrpc/connect";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { seededRandom } from "@ordermesh/testkit/seeded-random";
import { byLength } from "@ordermesh/testkit/test-length";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { statusMessages } from "../src/contract/enums.ts";
import { type OrderCommand, takeCommand } from "../src/domain/order-command.ts";
import { applyAction } from "../src/workflows/apply-action.ts";
import type { Role } from "../src/workflows/names.ts";
import type { OrderSnapshot } from "../src/workflows/order-snapshot.ts";
import { statusOfCode } from "../src/workflows/states.ts";
import { table } from "../src/workflows/table.ts";
import { type LomsHarness, startLomsHarness } from "./loms-harness.ts";
import { type OrderWalk, refusalOf, walkOrders } from "./order-walk.ts";
import { expectTablesAgree } from "./tables-agree.ts";

/*
 * Any sequence of actions and of the two commands on an order at a table, through gRPC and PostgreSQL, against what the
 * workflow alone says of each.
 */

let harness: LomsHarness;
let walk: OrderWalk;
let nextKey = 0;

const roles: readonly Role[] = ["P", "A", "S", "B"];
const actions = [...new Set(table.machines.order?.rows.map(({ action }) => action) ?? [])];
const lineTotalMinor = 900;

beforeAll(async () => {
  harness = await startLomsHarness();
  walk = walkOrders(harness.orders);
});

afterAll(async () => {
  await expectTablesAgree(harness.database.url);
  await harness.stop();
});

type Step =
  | { readonly kind: "act"; readonly role: Role; readonly action: string }
  | { readonly kind: "command"; readonly command: Exclude<OrderCommand, "expire"> };

const anyAction = fc.record({
  kind: fc.constant("act" as const),
  role: fc.constantFrom(...roles),
  action: fc.constantFrom(...actions),
});
/** What a good evening is made of comes more often, or few orders would be served. */
const goodAction = fc.record({
  kind: fc.constant("act" as const),
  role: fc.constant("S" as const),
  action: fc.constantFrom("accept the order", "start preparing", "serve the order"),
});
const anyCommand = fc.record({
  kind: fc.constant("command" as const),
  command: fc.constantFrom("pay" as const, "cancel" as const),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: anyAction },
  { weight: 5, arbitrary: goodAction },
  { weight: 1, arbitrary: anyCommand },
);

const placed: OrderSnapshot = {
  state: "PL",
  since: 2,
  version: 2,
  flags: [],
  capturedMinor: 0,
  items: [{ sku: 8_001, lineTotalMinor, state: "" }],
  facts: { stockIsReserved: true, paymentIsInTime: true },
};

async function act(
  order: OrderSnapshot,
  orderId: bigint,
  role: Role,
  action: string,
): Promise<OrderSnapshot> {
  const expected = applyAction(table, order, { role, action });
  const call = () => walk.act(orderId, role, action, { idempotencyKey: `table ${nextKey}` });
  nextKey += 1;
  if (expected.kind === "refused") {
    expect((await refusalOf(call())).reason).toBe(expected.refusal.reason);
    return order;
  }
  const wanted = { stateCode: expected.order.state, version: expected.order.version };
  expect(await call()).toMatchObject({ ...wanted, replayed: false });
  expect(await call()).toMatchObject({ ...wanted, replayed: true });
  return expected.order;
}

async function command(
  order: OrderSnapshot,
  orderId: bigint,
  wanted: "pay" | "cancel",
): Promise<OrderSnapshot> {
  const expected = takeCommand(table, order, wanted);
  const call =
    wanted === "pay" ? harness.orders.payOrder({ orderId }) : harness.orders.cancelOrder({ orderId });
  if (expected.kind === "refused") {
    const { code, reason } = await refusalOf(call);
    expect([code, reason]).toEqual([Code.FailedPrecondition, expected.reason]);
    return order;
  }
  const after = expected.kind === "applied" ? expected.outcome.order : order;
  expect(await call).toMatchObject({ changed: expected.kind === "applied", version: after.version });
  return after;
}

test("any sequence leaves what the workflow says", async () => {
  const { seed } = seededRandom("table model");
  const ends: Record<string, number> = {};
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20, size: "max" }), async (steps) => {
      const { orderId, status } = await harness.orders.createOrder({
        userId: 2n ** 52n,
        idempotencyKey: `table model ${nextKey++}`,
        workflow: "table",
        table: { locationId: 1n, sessionId: 2n, guestNickname: "Ada" },
        lines: [
          {
            sku: 8_001,
            quantity: 1,
            unitPrice: { currencyCode: "EUR", amountMinor: BigInt(lineTotalMinor) },
          },
        ],
      });
      expect(status).toBe(OrderStatus.PLACED);
      let order = placed;
      for (const taken of steps) {
        order =
          taken.kind === "act"
            ? await act(order, orderId, taken.role, taken.action)
            : await command(order, orderId, taken.command);
      }
      const { order: stored } = await harness.orders.getOrder({ orderId });
      expect(stored).toMatchObject({
        stateCode: order.state,
        status: statusMessages[statusOfCode(order.state)],
        version: order.version,
        table: { sessionId: 2n },
      });
      const allowed = await walk.allowed(orderId);
      for (const role of roles) {
        const may = actions.filter(
          (action) => applyAction(table, order, { role, action }).kind === "applied",
        );
        expect(allowed[role], `${role} in ${order.state}`).toEqual(may.sort());
      }
      ends[order.state] = (ends[order.state] ?? 0) + 1;
    }),
    { seed, numRuns: byLength({ short: 25, whole: 80 }), interruptAfterTimeLimit: 40_000 },
  );
  process.stdout.write(`table model: ended in ${JSON.stringify(ends)}\n`);
  expect(Object.keys(ends).length).toBeGreaterThanOrEqual(4);
  const { timers } = await harness.orders.listTimers({});
  expect(timers).toEqual([]);
});
