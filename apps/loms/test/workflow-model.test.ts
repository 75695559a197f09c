import { Code } from "@connectrpc/connect";
import type { Order } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { seededRandom } from "@ordermesh/testkit/seeded-random";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ActionRequest, AppliedAction } from "../src/workflows/action-outcome.ts";
import { applyAction } from "../src/workflows/apply-action.ts";
import { listActions } from "../src/workflows/list-actions.ts";
import type { Role } from "../src/workflows/names.ts";
import type { OrderSnapshot } from "../src/workflows/order-snapshot.ts";
import { product } from "../src/workflows/product.ts";
import { itemStateWithoutRow } from "../src/workflows/states.ts";
import { runningTimers } from "../src/workflows/timer-changes.ts";
import { type LomsHarness, startLomsHarness } from "./loms-harness.ts";
import { type OrderWalk, refusalOf, unitsPerLine, walkOrders } from "./order-walk.ts";
import { expectTablesAgree } from "./tables-agree.ts";

/*
 * Any sequence of actions, timers and repetitions on an order with items and refunds, through gRPC and PostgreSQL. The
 * workflow itself, which knows neither, says what must come of each; after every command the order, its money and its stock
 * are what they must be by rules that do not ask the workflow.
 */

let harness: LomsHarness;
let walk: OrderWalk;

const roles: readonly Role[] = ["P", "A", "S", "B"];
const received = 10;
const lineTotalMinor = 2_000;
const actions = [
  ...new Set(Object.values(product.machines).flatMap(({ rows }) => rows.map(({ action }) => action))),
];
/** How often each outcome came. */
const seen: Record<string, number> = {};

interface Model {
  order: OrderSnapshot;
}

interface Real {
  readonly orderId: bigint;
  readonly skus: readonly number[];
}

type Command = fc.AsyncCommand<Model, Real>;

beforeAll(async () => {
  harness = await startLomsHarness();
  walk = walkOrders(harness.orders);
});

afterAll(async () => {
  await expectTablesAgree(harness.database.url);
  await harness.stop();
});

function note(what: string): void {
  seen[what] = (seen[what] ?? 0) + 1;
}

/** Where an order and its items stand: "FS 0:WR/WSR 1:FP". */
function shape(state: string, items: readonly { state: string; sheet?: string | undefined }[]): string {
  const parts = items.map((item, index) => `${index}:${[item.state, item.sheet].filter(Boolean).join("/")}`);
  return [state, ...parts].join(" ");
}

/** What must hold whatever the workflow says. */
async function expectSound(order: Order, { skus }: Real): Promise<void> {
  const sheets = order.items.flatMap(({ refunds }) => refunds);
  const finished = sheets.filter(({ stateCode }) => stateCode === "PFR");
  const refunded = finished.reduce((sum, { amount }) => sum + Number(amount?.amountMinor), 0);
  expect(Number(order.refunded?.amountMinor)).toBe(refunded);
  expect(refunded).toBeLessThanOrEqual(Number(order.total?.amountMinor));
  for (const { refunds } of order.items) {
    const asked = refunds.filter(({ stateCode }) => !["CCR", "PCR", "SCR"].includes(stateCode));
    expect(asked.length).toBeLessThanOrEqual(1);
    expect(Number(asked[0]?.amount?.amountMinor ?? 0n)).toBeLessThanOrEqual(lineTotalMinor);
  }
  // What is being paid back before it was shipped is not shipped.
  const isHeld = sheets.some(({ kind, stateCode }) => kind === 1 && stateCode === "PPR");
  expect(isHeld).toBe(order.stateCode === "HS");
  expect(order.history.map(({ version }) => version)).toEqual(order.history.map((_, index) => index + 1));

  const wasPaid = order.history.some(({ stateCode }) => stateCode === "FP");
  for (const [index, sku] of skus.entries()) {
    const back = order.items[index]?.refunds.some(
      ({ kind, stateCode, amount }) =>
        stateCode === "PFR" && (kind === 3 || (kind === 1 && Number(amount?.amountMinor) === lineTotalMinor)),
    );
    expect(await walk.onHand(sku)).toBe(received - (wasPaid && !back ? unitsPerLine : 0));
  }
}

async function expectSame(model: Model, real: Real): Promise<void> {
  const { order } = await harness.orders.getOrder({ orderId: real.orderId });
  if (order === undefined) {
    throw new Error("The order is gone.");
  }
  const { items, state, version } = model.order;
  const stored = order.items.map((item) => ({
    state: item.stateCode,
    sheet: item.refunds.at(-1)?.stateCode,
  }));
  const wanted = items.map((item) => ({ state: item.state, sheet: item.sheet?.state }));
  expect(shape(order.stateCode, stored)).toBe(shape(state, wanted));
  expect(order.version).toBe(version);
  await expectSound(order, real);
}

function command(name: string, run: (model: Model, real: Real) => Promise<string>): Command {
  return {
    check: () => true,
    async run(model, real) {
      note(await run(model, real));
      await expectSame(model, real);
    },
    toString: () => name,
  };
}

/** What the workflow says of an action, and what the service makes of it. */
async function actBoth(model: Model, real: Real, request: ActionRequest, key: string): Promise<string> {
  const expected = applyAction(product, model.order, request);
  const { role, action, sku = 0, amountMinor } = request;
  const call = () =>
    walk.act(real.orderId, role, action, {
      itemSku: sku,
      idempotencyKey: key,
      parameters: {
        ...(amountMinor !== undefined && {
          refundAmount: { currencyCode: "EUR", amountMinor: BigInt(amountMinor) },
        }),
        ...(action === "change shipping fee" && { shippingFee: { currencyCode: "EUR", amountMinor: 5n } }),
        ...(action === "change shipping addr" && {
          shippingAddress: { recipient: "R", lines: ["L"], city: "C", countryCode: "DE" },
        }),
      },
    });
  if (expected.kind === "refused") {
    const { code, reason } = await refusalOf(call());
    expect([Code.FailedPrecondition, Code.InvalidArgument]).toContain(code);
    expect(reason).toBe(expected.refusal.reason);
    return `refused: ${reason}`;
  }
  expectAnswer(await call(), expected, false);
  expectAnswer(await call(), expected, true);
  model.order = expected.order;
  return `${action} → ${expected.order.state}`;
}

function expectAnswer(
  answer: Awaited<ReturnType<OrderWalk["act"]>>,
  { order, moves }: AppliedAction,
  replayed: boolean,
): void {
  expect(answer).toMatchObject({ stateCode: order.state, version: order.version, replayed });
  expect(answer.steps.map(({ action, role }) => [action, role])).toEqual(
    moves.map(({ action, role }) => [action, role]),
  );
}

let nextKey = 0;

/** What brings an order nearer to its end, after which nothing more can be seen of it. */
const endings = /reception|no refund request|accounting|no response|cancel/;

/** One of what may be done now, so that orders get somewhere; mostly none that ends much. */
const allowed = fc
  .record({
    which: fc.nat(),
    cents: fc.option(fc.integer({ min: 1, max: lineTotalMinor })),
    mayEnd: fc.integer({ min: 0, max: 5 }).map((number) => number === 0),
  })
  .map(({ which, cents, mayEnd }) =>
    command(`allowed(${which}, ${cents}, ${mayEnd})`, async (model, real) => {
      const listed = roles.flatMap((role) => {
        const { actions: ofOrder, items } = listActions(product, model.order, role);
        return [
          ...ofOrder.map((action): ActionRequest => ({ role, action })),
          ...items.flatMap(({ sku, actions: ofItem }) =>
            ofItem.map((action): ActionRequest => ({ role, action, sku })),
          ),
        ];
      });
      const lively = listed.filter(({ action }) => !endings.test(action));
      const choices = mayEnd || lively.length === 0 ? listed : lively;
      const request = choices[which % choices.length];
      if (request === undefined) {
        return "nothing is left";
      }
      const isAsking = request.action.startsWith("request refund");
      const amountMinor = isAsking && cents !== null ? cents : undefined;
      return await actBoth(model, real, { ...request, amountMinor }, `model ${nextKey++}`);
    }),
  );

/** Anything by anybody, mostly refused. */
const anything = fc
  .record({
    role: fc.constantFrom(...roles),
    action: fc.constantFrom(...actions),
    item: fc.option(fc.nat({ max: 1 })),
  })
  .map(({ role, action, item }) =>
    command(`anything(${role}, ${action}, ${item})`, async (model, real) => {
      const sku = item === null ? undefined : real.skus[item];
      return await actBoth(model, real, { role, action, sku }, `model ${nextKey++}`);
    }),
  );

/** One of the timers that wait, before its time. */
const timer = fc.nat().map((which) =>
  command(`timer(${which})`, async (model, real) => {
    const { timers } = await harness.orders.listTimers({ orderId: real.orderId });
    const running = runningTimers(product, model.order).map(
      (one) => `${one.timer}/${one.sku ?? 0} of ${one.step}`,
    );
    const listed = timers
      .filter(({ live }) => live)
      .map((one) => `${one.timer}/${one.itemSku} of ${one.step}`);
    // Those that have fired, and left the order where it was, wait no longer.
    expect(running).toEqual(expect.arrayContaining(listed));
    const chosen = timers[which % timers.length];
    if (chosen === undefined) {
      return "no timer waits";
    }
    const { timer: name, itemSku, action } = chosen;
    await harness.orders.runTimerNow({ orderId: real.orderId, timer: name, itemSku });
    const request = { role: "P", action, sku: itemSku === 0 ? undefined : itemSku } as const;
    const expected = applyAction(product, model.order, request);
    expect(expected.kind).toBe("applied");
    model.order = expected.kind === "applied" ? expected.order : model.order;
    return `timer ${name}`;
  }),
);

function snapshotOfNew(skus: readonly number[]): OrderSnapshot {
  const items = skus.map((sku) => ({ sku, lineTotalMinor, state: itemStateWithoutRow("WP") }));
  const facts = { stockIsReserved: true, paymentIsInTime: true };
  return { state: "WP", since: 2, version: 2, flags: [], capturedMinor: 0, items, facts };
}

test("any sequence of actions leaves what the workflow says, and money and stock agree", async () => {
  const { seed } = seededRandom("workflow model");
  let runs = 0;
  const commands = [allowed, allowed, allowed, allowed, anything, anything, timer];
  await fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 50, size: "max" }), async (sequence) => {
      runs += 1;
      const skus = await walk.stock(received, received);
      const orderId = await walk.place(skus);
      await walk.act(orderId, "P", "payment successful");
      const paid = applyAction(product, snapshotOfNew(skus), { role: "P", action: "payment successful" });
      if (paid.kind === "refused") {
        throw new Error("An order could not be paid.");
      }
      await fc.asyncModelRun(() => ({ model: { order: paid.order }, real: { orderId, skus } }), sequence);
    }),
    { seed, numRuns: 45, interruptAfterTimeLimit: 40_000 },
  );
  process.stdout.write(`workflow model: ${runs} runs, ${JSON.stringify(seen)}\n`);
  // Sequences in which some of these never came would say nothing about them.
  const kinds = Object.keys(seen).map((outcome) => outcome.replace(/ → (FP|HS|FS|ST|WA|CT)$/, ""));
  expect(kinds).toEqual(
    expect.arrayContaining([
      ...["ship the order", "request refund", "agree refund", "finished refund", "timer seller_no_response"],
      ...["refused: WRONG_STATE", "refused: UNKNOWN_ACTION", "refused: ITEM_REQUIRED"],
    ]),
  );
  expect(new Set(kinds).size).toBeGreaterThan(15);
});
