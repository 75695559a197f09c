import { create, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import {
  OrderActionAppliedSchema,
  OrderCanceledSchema,
  OrderCreatedSchema,
  OrderDeclinedSchema,
  OrderPaidSchema,
  OrderPlacedSchema,
} from "@ordermesh/proto/ordermesh/events/v1/order_events_pb";
import type { CreateOrderRequestSchema } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { CancelReason, OrderStatus, TableReferenceSchema } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LomsHarness, startLomsHarness } from "./loms-harness.ts";
import { type OrderWalk, refusalOf, walkOrders } from "./order-walk.ts";
import { readStoredOrders } from "./stored-orders.ts";
import { expectTablesAgree } from "./tables-agree.ts";

/* Orders at tables, through gRPC and PostgreSQL: what is made to order, of which nothing is in stock. */

let harness: LomsHarness;
let walk: OrderWalk;
let sql: postgres.Sql;
let nextKey = 0;

/** The first that guests get. */
const guestId = 2n ** 52n;
const reference = create(TableReferenceSchema, {
  locationId: 3n,
  sessionId: 41n,
  guestNickname: 'Ada "the guest", \\ 7',
  staffUserId: 12n,
  note: "birthday\nno nuts",
});
/** Of menu items, which no warehouse has. */
const lines = [
  {
    sku: 9_001,
    quantity: 2,
    name: "Soup",
    unitPrice: { currencyCode: "EUR", amountMinor: 650n },
    attributes: [{ name: "note", value: "no onions" }],
  },
  { sku: 9_002, quantity: 1, name: "Water", unitPrice: { currencyCode: "EUR", amountMinor: 250n } },
];

beforeAll(async () => {
  // Nobody takes events out of the outbox, where these tests read them.
  harness = await startLomsHarness({ kafkaBrokers: ["127.0.0.1:1"] });
  walk = walkOrders(harness.orders);
  sql = postgres(harness.database.url, { max: 1, onnotice: () => {} });
});

afterAll(async () => {
  await expectTablesAgree(harness.database.url);
  await sql.end();
  await harness.stop();
});

type Request = MessageInitShape<typeof CreateOrderRequestSchema>;

const request = (changes: object = {}): Request => ({
  userId: guestId,
  idempotencyKey: `table key ${nextKey++}`,
  workflow: "table",
  lines,
  table: reference,
  ...changes,
});

async function place(changes: object = {}): Promise<bigint> {
  const { orderId, status } = await harness.orders.createOrder(request(changes));
  expect(status).toBe(OrderStatus.PLACED);
  return orderId;
}

async function live(orderId: bigint, ...actions: string[]): Promise<void> {
  for (const action of actions) {
    await walk.act(orderId, action === "payment successful" ? "P" : "S", action);
  }
}

async function eventsOf(orderId: bigint) {
  return await sql<{ type: string; payload: Uint8Array }[]>`
    select replace(type, 'ordermesh.events.v1.', '') as type, payload from outbox
    where aggregate_id = ${`${orderId}`}::bigint order by id`;
}

test("an order is placed: no stock, no deadline, no timer, and where it was placed stays with it", async () => {
  const created = await harness.orders.createOrder(request());
  expect(created).toMatchObject({ status: OrderStatus.PLACED, shortages: [], replayed: false });
  expect(created.paymentDueTime).toBeUndefined();
  expect(created.total?.amountMinor).toBe(1_550n);

  const { orderId } = created;
  const { order } = await harness.orders.getOrder({ orderId });
  expect(order).toMatchObject({
    userId: guestId,
    status: OrderStatus.PLACED,
    stateCode: "PL",
    workflow: "table",
    workflowVersion: 1,
    version: 2,
    cancelReason: CancelReason.UNSPECIFIED,
  });
  expect(order?.table).toEqual(reference);
  expect(order?.paymentDueTime).toBeUndefined();
  expect(order?.lines[0]?.attributes).toMatchObject([{ name: "note", value: "no onions" }]);
  expect(order?.history.map(({ status }) => status)).toEqual([OrderStatus.NEW, OrderStatus.PLACED]);
  expect((await harness.orders.listTimers({ orderId })).timers).toEqual([]);

  const stored = (await readStoredOrders(sql, [orderId])).get(`${orderId}`);
  expect(stored).toMatchObject({ ledger: [], timers: [], shortages: null });
  const [{ levels } = { levels: 1n }] =
    await sql`select count(*) as levels from stock_levels where sku > 9000`;
  expect(Number(levels)).toBe(0);
});

test("from the kitchen to the bill: who did what, and what is told of each step", async () => {
  const orderId = await place();
  await walk.act(orderId, "S", "accept the order", { actingUserId: 12n });
  await live(orderId, "start preparing", "serve the order");
  expect(await harness.orders.payOrder({ orderId })).toMatchObject({ changed: true, version: 6 });
  expect(await harness.orders.payOrder({ orderId })).toMatchObject({ changed: false, version: 6 });

  const { entries } = await harness.orders.getHistory({ orderId });
  expect(
    entries.map(({ stateCode, role, action, event }) => [stateCode, role, action, event].join("|")),
  ).toEqual([
    "|||",
    "PL|||",
    "AC|S|accept the order|order_accepted",
    "PR|S|start preparing|order_in_preparation",
    "SV|S|serve the order|order_served",
    "FP|P|payment successful|order_paid",
  ]);
  expect(entries[2]?.actor).toBe("anonymous for user:12");
  expect(entries[3]?.actor).toBe("anonymous");

  const events = await eventsOf(orderId);
  expect(events.map(({ type }) => type)).toEqual([
    "OrderCreated",
    "OrderPlaced",
    "OrderActionApplied",
    "OrderActionApplied",
    "OrderActionApplied",
    "OrderPaid",
  ]);
  const read = [
    fromBinary(OrderCreatedSchema, events[0]!.payload),
    fromBinary(OrderPlacedSchema, events[1]!.payload),
    fromBinary(OrderActionAppliedSchema, events[2]!.payload),
    fromBinary(OrderActionAppliedSchema, events[3]!.payload),
    fromBinary(OrderActionAppliedSchema, events[4]!.payload),
    fromBinary(OrderPaidSchema, events[5]!.payload),
  ];
  for (const [index, { order }] of read.entries()) {
    expect(order).toMatchObject({ orderId, userId: guestId, version: index + 1, table: reference });
    expect(order?.paymentDueTime).toBeUndefined();
  }
  expect(fromBinary(OrderActionAppliedSchema, events[4]!.payload).action).toMatchObject({
    role: "S",
    status: OrderStatus.SERVED,
    stateCode: "SV",
    event: "order_served",
    workflow: "table",
  });
});

test("drinks are served without preparation, and what was served is not taken back", async () => {
  const orderId = await place();
  await live(orderId, "accept the order", "serve the order");
  for (const action of ["decline the order", "end the order", "cancel order", "start preparing"]) {
    expect(await refusalOf(walk.act(orderId, "S", action)), action).toMatchObject({
      code: Code.FailedPrecondition,
      reason: "WRONG_STATE",
    });
  }
  await live(orderId, "payment successful");
  expect(await walk.allowed(orderId)).toEqual({ P: [], A: [], S: [], B: [] });
});

test("declined, with the reason", async () => {
  const orderId = await place();
  await live(orderId, "accept the order");
  await walk.act(orderId, "S", "decline the order", { parameters: { reason: "no more soup" } });
  const { order } = await harness.orders.getOrder({ orderId });
  expect(order).toMatchObject({ status: OrderStatus.DECLINED, stateCode: "DC" });
  expect(order?.cancelReason).toBe(CancelReason.UNSPECIFIED);
  const last = (await eventsOf(orderId)).at(-1);
  expect(last?.type).toBe("OrderDeclined");
  expect(fromBinary(OrderDeclinedSchema, last!.payload)).toMatchObject({
    order: { table: reference },
    action: { status: OrderStatus.DECLINED, reason: "no more soup" },
  });
});

test.each([
  { name: "placed", before: [] },
  { name: "accepted", before: ["accept the order"] },
  { name: "being prepared", before: ["accept the order", "start preparing"] },
])("ended with its session while $name", async ({ before }) => {
  const orderId = await place();
  await live(orderId, ...before);
  await walk.act(orderId, "S", "end the order", { parameters: { reason: "they left" } });
  const last = (await eventsOf(orderId)).at(-1);
  expect(last?.type).toBe("OrderCanceled");
  expect(fromBinary(OrderCanceledSchema, last!.payload)).toMatchObject({
    reason: CancelReason.SESSION_CLOSED,
    action: { reason: "they left" },
  });
});

test("the guest cancels until the kitchen has accepted", async () => {
  const orderId = await place();
  expect(await harness.orders.cancelOrder({ orderId })).toMatchObject({ changed: true, version: 3 });
  expect(await harness.orders.cancelOrder({ orderId })).toMatchObject({ changed: false, version: 3 });
  const { order } = await harness.orders.getOrder({ orderId });
  expect(order).toMatchObject({ stateCode: "CT", cancelReason: CancelReason.REQUESTED });

  const accepted = await place();
  await live(accepted, "accept the order");
  expect(await refusalOf(harness.orders.cancelOrder({ orderId: accepted }))).toMatchObject({
    code: Code.FailedPrecondition,
    reason: "ORDER_ACCEPTED",
  });
});

test("it is paid once it is served, and not before", async () => {
  const orderId = await place();
  for (const action of ["accept the order", "start preparing", "serve the order"]) {
    expect(await refusalOf(harness.orders.payOrder({ orderId }))).toMatchObject({
      code: Code.FailedPrecondition,
      reason: "ORDER_NOT_SERVED",
    });
    await live(orderId, action);
  }
  expect(await harness.orders.payOrder({ orderId })).toMatchObject({ changed: true });
  const declined = await place();
  await live(declined, "decline the order");
  expect(await refusalOf(harness.orders.payOrder({ orderId: declined }))).toMatchObject({
    reason: "ORDER_DECLINED",
  });
});

test.each([
  "ship the order",
  "request refund",
  "request refund with return",
  "make payment",
  "no payment",
  "change shipping addr",
  "finished accounting",
])("nobody can %s at a table", async (action) => {
  const orderId = await place();
  for (const role of ["P", "A", "S", "B"]) {
    expect(await refusalOf(walk.act(orderId, role, action))).toMatchObject({
      code: Code.InvalidArgument,
      reason: "UNKNOWN_ACTION",
    });
  }
});

test("the same key gives the same order, also after it has gone on; another request is refused", async () => {
  const wanted = request();
  const first = await harness.orders.createOrder(wanted);
  await live(first.orderId, "accept the order");
  expect(await harness.orders.createOrder(wanted)).toMatchObject({
    orderId: first.orderId,
    status: OrderStatus.PLACED,
    replayed: true,
  });
  const table = { ...reference, note: "another note" };
  expect(await refusalOf(harness.orders.createOrder({ ...wanted, table }))).toMatchObject({
    code: Code.InvalidArgument,
    reason: "IDEMPOTENCY_KEY_REUSED",
  });
});

test("one batch: orders at tables beside goods that are in stock, and goods that are not", async () => {
  const [sku = 0] = await walk.stock(1);
  const goods = (userId: bigint) => ({
    userId,
    idempotencyKey: "beside",
    lines: [{ sku, quantity: 1, unitPrice: { currencyCode: "EUR", amountMinor: 1n } }],
  });
  const { results } = await harness.orders.batchCreateOrders({
    orders: [request(), goods(7n), request(), goods(8n), request({ table: undefined })],
  });
  expect(
    results.map(({ outcome }) =>
      outcome.case === "order" ? OrderStatus[outcome.value.status] : outcome.value?.reason,
    ),
  ).toEqual(["PLACED", "AWAITING_PAYMENT", "PLACED", "FAILED", "INVALID_ORDER"]);
});

const wrong: readonly (readonly [string, string, object])[] = [
  ["table", "no table", { table: undefined }],
  ["table", "a table of another workflow", { workflow: "simple" }],
  ["table", "a table of no workflow", { workflow: "" }],
  ["table.location_id", "no location", { table: { ...reference, locationId: 0n } }],
  ["table.session_id", "no session", { table: { ...reference, sessionId: -1n } }],
  ["table.guest_nickname", "a long name", { table: { ...reference, guestNickname: "x".repeat(51) } }],
  ["table.guest_nickname", "a name of two lines", { table: { ...reference, guestNickname: "a\nb" } }],
  ["table.note", "an invisible note", { table: { ...reference, note: "\u0000" } }],
  ["payment_window", "a deadline", { paymentWindow: { seconds: 60n } }],
  ["shipping_fee", "a shipping fee", { shippingFee: { currencyCode: "EUR", amountMinor: 1n } }],
  [
    "shipping_address",
    "an address",
    { shippingAddress: { recipient: "R", lines: ["L"], city: "C", countryCode: "DE" } },
  ],
  ["lines[0].unit_price", "no prices", { lines: [{ sku: 1, quantity: 1 }] }],
];

test.each(wrong)("%s: %s is refused", async (field, _, changes) => {
  const refused = await refusalOf(harness.orders.createOrder(request(changes)));
  expect(refused.code).toBe(Code.InvalidArgument);
  expect(refused.message).toContain(field);
});

test("lists find them by status, among all others", async () => {
  const orderIds: Record<string, bigint> = {
    PLACED: await place({ userId: guestId + 1n }),
    SERVED: await place({ userId: guestId + 1n }),
  };
  await live(orderIds.SERVED ?? 0n, "accept the order", "serve the order");
  const all = Object.values(OrderStatus).filter((status): status is OrderStatus => Number(status) > 0);
  expect(all).toHaveLength(17);
  const found = await harness.orders.listOrders({ userId: guestId + 1n, statuses: all });
  expect(found.orders.map(({ orderId }) => orderId)).toEqual([orderIds.SERVED, orderIds.PLACED]);
  const served = await harness.orders.listOrders({ userId: guestId + 1n, statuses: [OrderStatus.SERVED] });
  expect(served.orders).toMatchObject([{ orderId: orderIds.SERVED, status: OrderStatus.SERVED }]);
  expect((await harness.orders.listOrders({ userId: guestId + 1n })).orders).toHaveLength(2);
});

test("two cooks press at once: one has accepted, the other is told how it stands", async () => {
  const orderId = await place();
  const pressed = await Promise.allSettled([1, 2, 3].map(() => walk.act(orderId, "S", "accept the order")));
  expect(pressed.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  const key = { idempotencyKey: "cook 1" };
  expect(await walk.act(orderId, "S", "start preparing", key)).toMatchObject({ version: 4, replayed: false });
  await live(orderId, "serve the order");
  // Whoever asked does not matter to the key.
  const again = await walk.act(orderId, "S", "start preparing", { ...key, actingUserId: 5n });
  expect(again).toMatchObject({ version: 4, stateCode: "PR", replayed: true });
});

test("its workflow can be drawn, and explained", async () => {
  const orderId = await place();
  const { workflow } = await harness.orders.getWorkflow({ orderId });
  expect(workflow).toMatchObject({ name: "table", version: 1, timers: [] });
  expect(workflow?.machines[0]?.mermaid).toContain("PL --> AC: S accept the order");
  expect(await harness.orders.explain({ orderId, role: "S", action: "serve the order" })).toMatchObject({
    allowed: false,
    reason: "WRONG_STATE",
    stateCode: "PL",
  });
  expect(await harness.orders.explain({ orderId, role: "S", action: "accept the order" })).toMatchObject({
    allowed: true,
    leadsTo: "AC",
    whoMay: ["S"],
  });
});

test("metrics count its statuses, and no reservation", async () => {
  const read = async (): Promise<Record<string, number>> => {
    const text = await (await fetch(`http://${harness.address}/metrics`)).text();
    const lines = text
      .split("\n")
      .map((line) => /^(ordermesh_(?:orders|reservations)_total\{.*"\}) (\d+)$/.exec(line));
    return Object.fromEntries(lines.flatMap((match) => (match ? [[match[1], Number(match[2])]] : [])));
  };
  const before = await read();
  const orderId = await place();
  await live(orderId, "accept the order", "serve the order");
  await harness.orders.payOrder({ orderId });
  await harness.orders.cancelOrder({ orderId: await place() });
  const after = await read();
  const grown = Object.entries(after).flatMap(([name, count]) => {
    const by = count - (before[name] ?? 0);
    return by === 0 ? [] : [`${/"(\w+)"/.exec(name)?.[1]}: ${by}`];
  });
  expect(grown.sort()).toEqual(["accepted: 1", "canceled: 1", "paid: 1", "placed: 2", "served: 1"]);
});
