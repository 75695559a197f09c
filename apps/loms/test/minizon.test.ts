import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { LomsV1, Status } from "@ordermesh/proto/loms_v1/loms_pb";
import { createGrpcTransport } from "@ordermesh/rpc/client";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing } from "@ordermesh/telemetry/tracing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LomsHarness, startLomsHarness } from "./loms-harness.ts";

let harness: LomsHarness;
let minizon: Client<typeof LomsV1>;
let close: () => void;

beforeAll(async () => {
  harness = await startLomsHarness();
  const opened = createGrpcTransport({
    address: harness.address,
    services: [LomsV1],
    metrics: createMetrics({ service: "test", version: "0" }),
    tracing: await startTracing({ service: "test", version: "0", endpoint: undefined, sampleRatio: 1 }),
    defaultTimeoutMs: 10_000,
  });
  minizon = createClient(LomsV1, opened.transport);
  close = opened.close;
  await harness.orders.receiveStock({
    idempotencyKey: "receive",
    receipts: [221n, 220n, 223n].map((warehouseId) => ({ sku: 1076963, warehouseId, quantity: 100 })),
  });
});

afterAll(async () => {
  close();
  await harness.stop();
});

async function codeOf(call: Promise<unknown>): Promise<Code> {
  return ConnectError.from(
    await call.then(
      () => new Error("It succeeded."),
      (thrown) => thrown,
    ),
  ).code;
}

test("an order of that system is created, listed, paid, and its stock written off", async () => {
  const { orderId } = await minizon.createOrder({ user: 1n, items: [{ sku: 1076963, count: 150 }] });
  expect(await minizon.listOrder({ orderId })).toMatchObject({
    status: Status.awaiting_payment,
    user: 1n,
    items: [{ sku: 1076963, count: 150 }],
  });
  const held = await minizon.stocks({ sku: 1076963 });
  expect(held.stocks.map(({ warehouseId, count }) => [warehouseId, count])).toEqual([
    [221n, 50n],
    [223n, 100n],
  ]);
  await minizon.orderPayed({ orderId });
  expect((await minizon.listOrder({ orderId })).status).toBe(Status.payed);
  expect(await codeOf(minizon.cancelOrder({ orderId }))).toBe(Code.FailedPrecondition);
});

test("a canceled order frees its stock", async () => {
  const before = await minizon.stocks({ sku: 1076963 });
  const { orderId } = await minizon.createOrder({ user: 1n, items: [{ sku: 1076963, count: 1 }] });
  await minizon.cancelOrder({ orderId });
  expect((await minizon.listOrder({ orderId })).status).toBe(Status.canceled);
  expect(await minizon.stocks({ sku: 1076963 })).toEqual(before);
});

test("errors that were INTERNAL there have their own codes here", async () => {
  const tooMany = minizon.createOrder({ user: 1n, items: [{ sku: 1076963, count: 100_000 }] });
  expect(await codeOf(tooMany)).toBe(Code.FailedPrecondition);
  expect(await codeOf(minizon.createOrder({ user: 0n, items: [{ sku: 1, count: 1 }] }))).toBe(
    Code.InvalidArgument,
  );
  expect(await codeOf(minizon.createOrder({ user: 1n, items: [] }))).toBe(Code.InvalidArgument);
  expect(await codeOf(minizon.createOrder({ user: 1n, items: [{ sku: 1, count: 0 }] }))).toBe(
    Code.InvalidArgument,
  );
  expect(await codeOf(minizon.listOrder({ orderId: 5n }))).toBe(Code.NotFound);
  expect(await codeOf(minizon.orderPayed({ orderId: 5n }))).toBe(Code.NotFound);
  expect(await codeOf(minizon.cancelOrder({ orderId: 5n }))).toBe(Code.NotFound);
  expect(await codeOf(minizon.stocks({ sku: 5 }))).toBe(Code.NotFound);
});
