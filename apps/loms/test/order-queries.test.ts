import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LomsHarness, startLomsHarness } from "./loms-harness.ts";

let harness: LomsHarness;

beforeAll(async () => {
  harness = await startLomsHarness();
  await harness.orders.receiveStock({
    idempotencyKey: "receive",
    receipts: [{ sku: 1, warehouseId: 1n, quantity: 1_000 }],
  });
  for (let index = 0; index < 25; index += 1) {
    const { orderId } = await harness.orders.createOrder({
      userId: BigInt(1 + (index % 2)),
      idempotencyKey: `order ${index}`,
      lines: [{ sku: index % 5 === 4 ? 2 : 1, quantity: 1 }],
    });
    if (index % 5 === 0) {
      await harness.orders.payOrder({ orderId });
    }
  }
});

afterAll(async () => {
  await harness.stop();
});

async function allPages(request: Parameters<typeof harness.orders.listOrders>[0]) {
  const orders = [];
  for (let pageToken = "", pages = 0; pages < 100; pages += 1) {
    const page = await harness.orders.listOrders({ ...request, pageToken });
    orders.push(...page.orders);
    pageToken = page.nextPageToken;
    if (pageToken === "") {
      break;
    }
  }
  return orders;
}

test("pages of any size give every order once, newest first", async () => {
  for (const pageSize of [1, 7, 25, 500]) {
    const orders = await allPages({ pageSize });
    expect(orders).toHaveLength(25);
    expect(new Set(orders.map((order) => order.orderId)).size).toBe(25);
    const times = orders.map(
      (order) => Number(order.createdTime?.seconds) * 1e9 + (order.createdTime?.nanos ?? 0),
    );
    expect(times).toEqual([...times].sort((a, b) => b - a));
  }
});

test("filters by user, by status, and by both", async () => {
  expect(await allPages({ userId: 1n, pageSize: 4 })).toHaveLength(13);
  expect(await allPages({ statuses: [OrderStatus.PAID], pageSize: 2 })).toHaveLength(5);
  expect(await allPages({ statuses: [OrderStatus.FAILED, OrderStatus.PAID], pageSize: 3 })).toHaveLength(10);
  const both = await allPages({ userId: 2n, statuses: [OrderStatus.FAILED], pageSize: 1 });
  expect(both.every((order) => order.userId === 2n && order.status === OrderStatus.FAILED)).toBe(true);
  expect(both.length).toBeGreaterThan(0);
});

test("filters by time, inclusive below and exclusive above", async () => {
  const orders = await allPages({ pageSize: 500 });
  const middle = orders[10]?.createdTime;
  const before = await allPages({ createdBefore: middle, pageSize: 3 });
  const from = await allPages({ createdFrom: middle, pageSize: 3 });
  expect(before.length + from.length).toBe(25);
  expect(from.some((order) => order.orderId === orders[10]?.orderId)).toBe(true);
  expect(await allPages({ createdFrom: timestampFromDate(new Date("2100-01-01")) })).toEqual([]);
});

test("a page token that is malformed, or belongs to another request, is refused", async () => {
  const { nextPageToken } = await harness.orders.listOrders({ userId: 1n, pageSize: 2 });
  const tokens = [
    { userId: 2n, pageToken: nextPageToken },
    { userId: 1n, pageToken: "no token" },
    { userId: 1n, pageToken: Buffer.from('["x"]').toString("base64url") },
    { userId: 1n, pageToken: Buffer.from("null").toString("base64url") },
  ];
  for (const request of tokens) {
    const error = ConnectError.from(await harness.orders.listOrders(request).catch((thrown) => thrown));
    expect([error.code, error.rawMessage]).toEqual([
      Code.InvalidArgument,
      expect.stringContaining("page_token"),
    ]);
  }
});

test("each filter is answered from an index", async () => {
  const postgres = await import("postgres");
  const sql = postgres.default(harness.database.url, { max: 1, onnotice: () => {} });
  try {
    await sql`set enable_seqscan = off`;
    const plans = await Promise.all([
      sql`explain select * from orders where user_id = 1 and (created_at, id) < ('infinity', 0)
        order by created_at desc, id desc limit 50`,
      sql`explain select * from orders where status = 'paid' and (created_at, id) < ('infinity', 0)
        order by created_at desc, id desc limit 50`,
    ]);
    for (const plan of plans) {
      const text = plan.map((row) => row["QUERY PLAN"]).join("\n");
      expect(text).toMatch(/Index Scan Backward using orders_by_(user|status)/);
      expect(text).not.toMatch(/Sort/);
    }
  } finally {
    await sql.end();
  }
});
