import { create } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  type StockHold,
  StockHoldState,
  type StockMovement,
  StockMovementKind,
} from "@ordermesh/proto/ordermesh/loms/v1/inventory_pb";
import { CreateOrderRequestSchema } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { WorkflowCause } from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LomsHarness, startLomsHarness } from "./loms-harness.ts";

let harness: LomsHarness;
let sql: postgres.Sql;
let nextSku = 100;
let nextKey = 0;

beforeAll(async () => {
  harness = await startLomsHarness();
  sql = postgres(harness.database.url, { max: 1, onnotice: () => {} });
});

afterAll(async () => {
  await sql.end({ timeout: 5 });
  await harness.stop();
});

async function stock(...quantities: number[]): Promise<number> {
  nextSku += 1;
  const sku = nextSku;
  await harness.orders.receiveStock({
    idempotencyKey: `stock ${sku}`,
    receipts: quantities.map((quantity, index) => ({ sku, warehouseId: BigInt(index + 1), quantity })),
  });
  return sku;
}

async function order(sku: number, quantity: number, userId = 7n): Promise<bigint> {
  const lines = [{ sku, quantity, unitPrice: { currencyCode: "EUR", amountMinor: 100n } }];
  const request = create(CreateOrderRequestSchema, { userId, lines, idempotencyKey: `key ${nextKey++}` });
  return (await harness.orders.createOrder(request)).orderId;
}

async function holdsOf(sku: number, pageSize = 500, warehouseId = 0n): Promise<StockHold[]> {
  const holds = [];
  let pageToken = "";
  for (let pages = 0; pages < 50; pages += 1) {
    const page = await harness.inventory.listStockHolds({
      holdsOf: { case: "sku", value: sku },
      warehouseId,
      pageSize,
      pageToken,
    });
    expect(page.holds.length).toBeLessThanOrEqual(pageSize);
    holds.push(...page.holds);
    pageToken = page.nextPageToken;
    if (pageToken === "") {
      return holds;
    }
  }
  throw new Error("The pages do not end.");
}

async function ledgerOf(sku: number, pageSize = 500, warehouseId = 0n): Promise<StockMovement[]> {
  const movements = [];
  let pageToken = "";
  for (let pages = 0; pages < 50; pages += 1) {
    const page = await harness.inventory.listStockMovements({ sku, warehouseId, pageSize, pageToken });
    movements.push(...page.movements);
    pageToken = page.nextPageToken;
    if (pageToken === "") {
      return movements;
    }
  }
  throw new Error("The pages do not end.");
}

test("stock is listed by SKU and warehouse, page by page, of some SKUs or one warehouse", async () => {
  const first = await stock(3, 5);
  const second = await stock(7);
  const skus = [second, first, first];
  const { stockLevels } = await harness.inventory.listStock({ skus });
  expect(stockLevels.map(({ sku, warehouseId, onHand }) => [sku, warehouseId, onHand])).toEqual([
    [first, 1n, 3],
    [first, 2n, 5],
    [second, 1n, 7],
  ]);
  const page = await harness.inventory.listStock({ skus, pageSize: 2 });
  expect(page.stockLevels).toHaveLength(2);
  const rest = await harness.inventory.listStock({ skus, pageSize: 2, pageToken: page.nextPageToken });
  expect(rest.stockLevels.map(({ sku }) => sku)).toEqual([second]);
  expect(rest.nextPageToken).toBe("");
  const inSecond = await harness.inventory.listStock({ skus, warehouseId: 2n });
  expect(inSecond.stockLevels.map(({ sku }) => sku)).toEqual([first]);
  await expect(
    harness.inventory.listStock({ skus: [first], pageToken: page.nextPageToken }),
  ).rejects.toMatchObject({ code: Code.InvalidArgument });
});

test("a hold says who holds units and until when, until it ends", async () => {
  const sku = await stock(2, 5);
  const unpaid = await order(sku, 3, 8n);
  const paid = await order(sku, 1);
  const { reservationId, expiresTime } = await harness.inventory.reserve({
    lines: [{ sku, quantity: 1 }],
    ttl: { seconds: 600n, nanos: 0 },
    idempotencyKey: `reserve ${sku}`,
  });
  expect((await holdsOf(sku)).map(({ orderId, reservationId }) => orderId || reservationId)).toEqual([
    reservationId,
    paid,
    unpaid,
    unpaid,
  ]);
  await harness.orders.payOrder({ orderId: paid });
  const { order: stored } = await harness.orders.getOrder({ orderId: unpaid });
  for (const pageSize of [1, 2, 500]) {
    const holds = await holdsOf(sku, pageSize);
    expect(holds).toMatchObject([
      { reservationId, orderId: 0n, userId: 0n, quantity: 1, untilTime: expiresTime },
      { orderId: unpaid, userId: 8n, warehouseId: 2n, quantity: 1, untilTime: stored?.paymentDueTime },
      { orderId: unpaid, userId: 8n, warehouseId: 1n, quantity: 2, state: StockHoldState.HELD },
    ]);
  }
  expect(await holdsOf(sku, 500, 1n)).toMatchObject([{ orderId: unpaid, quantity: 2 }]);
  await harness.orders.cancelOrder({ orderId: unpaid });
  await harness.inventory.releaseReservation({ reservationId });
  expect(await holdsOf(sku)).toEqual([]);
});

test("of an order all holds are told, also those that have ended", async () => {
  const sku = await stock(2, 5);
  const orderId = await order(sku, 3);
  const holds = () => harness.inventory.listStockHolds({ holdsOf: { case: "orderId", value: orderId } });
  expect(
    (await holds()).holds.map(({ warehouseId, quantity, state }) => [warehouseId, quantity, state]),
  ).toEqual([
    [1n, 2, StockHoldState.HELD],
    [2n, 1, StockHoldState.HELD],
  ]);
  await harness.orders.payOrder({ orderId });
  const ended = (await holds()).holds;
  expect(ended.map(({ state, returned }) => [state, returned])).toEqual([
    [StockHoldState.COMMITTED, 0],
    [StockHoldState.COMMITTED, 0],
  ]);
  expect(ended[0]?.untilTime).toBeUndefined();
  expect(ended[0]?.endedTime).toBeDefined();
  expect((await harness.inventory.listStockHolds({ holdsOf: { case: "orderId", value: 5n } })).holds).toEqual(
    [],
  );
  await expect(harness.inventory.listStockHolds({})).rejects.toMatchObject({ code: Code.InvalidArgument });
});

test("an open hold is found behind more ended ones than one statement looks at", async () => {
  const sku = await stock(5_000);
  const oldest = await order(sku, 2);
  const { results } = await harness.orders.batchCreateOrders({
    orders: Array.from({ length: 500 }, (_, index) => ({
      userId: 1n,
      lines: [{ sku, quantity: 1 }],
      idempotencyKey: `many ${sku} ${index}`,
    })),
  });
  const orderIds = results.map(({ outcome }) => (outcome.case === "order" ? outcome.value.orderId : 0n));
  orderIds.push(await order(sku, 1));
  await Promise.all(orderIds.map((orderId) => harness.orders.cancelOrder({ orderId })));
  expect(await holdsOf(sku, 10)).toMatchObject([{ orderId: oldest, quantity: 2 }]);
});

test("the ledger tells every movement once, and adds up to what is there", async () => {
  const sku = await stock(4, 4);
  const paid = await order(sku, 5);
  await harness.orders.payOrder({ orderId: paid });
  const canceled = await order(sku, 1);
  await harness.orders.cancelOrder({ orderId: canceled });
  await harness.orders.receiveStock({
    idempotencyKey: `more ${sku}`,
    receipts: [{ sku, warehouseId: 1n, quantity: 10 }],
  });
  await order(sku, 2);
  const ledger = await ledgerOf(sku);
  const { RECEIVED, RESERVED, COMMITTED, RELEASED } = StockMovementKind;
  expect(ledger.map(({ kind, quantity }) => [kind, quantity])).toEqual([
    [RESERVED, 2],
    [RECEIVED, 10],
    [RELEASED, 1],
    [RESERVED, 1],
    [COMMITTED, 1],
    [COMMITTED, 4],
    [RESERVED, 1],
    [RESERVED, 4],
    [RECEIVED, 4],
    [RECEIVED, 4],
  ]);
  expect(ledger[2]).toMatchObject({ orderId: canceled, onHandChange: 0, reservedChange: -1 });
  for (const pageSize of [1, 3]) {
    expect(await ledgerOf(sku, pageSize)).toEqual(ledger);
  }
  const { stockLevels } = await harness.inventory.listStock({ skus: [sku] });
  for (const { warehouseId, onHand, reserved } of stockLevels) {
    const own = await ledgerOf(sku, 500, warehouseId);
    expect(own.reduce((sum, { onHandChange }) => sum + onHandChange, 0)).toBe(onHand);
    expect(own.reduce((sum, { reservedChange }) => sum + reservedChange, 0)).toBe(reserved);
  }
});

test("the trend ends with what there is now, and begins with what there was a day ago", async () => {
  const sku = await stock(9, 1);
  const held = await order(sku, 4);
  await sql`update reservation_ledger set recorded_at = now() - interval '50 minutes' where holder_id = ${`${held}`}`;
  await sql`update stock_receipts set received_at = now() - interval '30 hours' where sku = ${sku}`;
  const paid = await order(sku, 2);
  await harness.orders.payOrder({ orderId: paid });
  const { points } = await harness.inventory.getStockTrend({ sku });
  expect(points).toHaveLength(97);
  const at = (index: number) => [points.at(index)?.onHand, points.at(index)?.reserved];
  expect(at(-1)).toEqual([8n, 4n]);
  expect(at(-2)).toEqual([10n, 4n]);
  expect(at(-4)).toEqual([10n, 4n]);
  expect(at(-5)).toEqual([10n, 0n]);
  expect(at(0)).toEqual([10n, 0n]);
  const times = points.map(({ time }) => (time === undefined ? 0 : timestampDate(time).getTime()));
  expect(times.every((time, index) => index === 0 || time - (times[index - 1] ?? 0) === 900_000)).toBe(true);
  const inSecond = await harness.inventory.getStockTrend({ sku, warehouseId: 2n });
  expect(inSecond.points.at(-1)).toMatchObject({ onHand: 1n, reserved: 0n });
  const unknown = await harness.inventory.getStockTrend({ sku: 4_000_000 }).catch((error) => error);
  expect(ConnectError.from(unknown).code).toBe(Code.NotFound);
});

test("orders are listed the oldest first, and those with an open refund", async () => {
  const sku = await stock(50);
  const userId = 77n;
  const orderIds: bigint[] = [];
  for (let index = 0; index < 4; index += 1) {
    const orderId = await order(sku, 1, userId);
    await harness.orders.payOrder({ orderId });
    orderIds.push(orderId);
  }
  const oldestFirst = [];
  let pageToken = "";
  do {
    const page = await harness.orders.listOrders({ userId, oldestFirst: true, pageSize: 3, pageToken });
    oldestFirst.push(...page.orders.map(({ orderId }) => orderId));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  expect(oldestFirst).toEqual(orderIds);
  const all = await harness.orders.listOrders({
    statuses: [OrderStatus.PAID],
    oldestFirst: true,
    pageSize: 500,
  });
  expect(all.orders.map(({ orderId }) => orderId).filter((id) => orderIds.includes(id))).toEqual(orderIds);

  for (const orderId of orderIds.slice(1, 3)) {
    await harness.orders.applyAction({ orderId, role: "B", action: "request refund", itemSku: sku });
  }
  const withRefund = await harness.orders.listOrders({ withOpenRefund: true });
  expect(withRefund.orders.map(({ orderId }) => orderId)).toEqual([orderIds[2], orderIds[1]]);
  const nobodys = await harness.orders.listOrders({ withOpenRefund: true, userId: 78n });
  expect(nobodys.orders).toEqual([]);
});

test("a workflow says what makes its rows happen, and what they read", async () => {
  const { workflow } = await harness.orders.getWorkflow({ name: "product" });
  const rows = workflow?.machines.find(({ name }) => name === "order")?.rows ?? [];
  const row = (action: string) => rows.find((each) => each.action === action);
  expect(row("ship the order")).toMatchObject({
    cause: WorkflowCause.REQUEST,
    parameters: ["carrier", "tracking_number"],
    requiredParameters: [],
  });
  expect(row("change shipping fee")).toMatchObject({ requiredParameters: ["shipping_fee"] });
  expect(row("payment successful")).toMatchObject({ cause: WorkflowCause.INPUT, parameters: [] });
  expect(row("no payment")?.cause).toBe(WorkflowCause.TIME);
  expect(row("processing refund")?.cause).toBe(WorkflowCause.AUTOMATIC);
});
