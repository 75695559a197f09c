import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema } from "@ordermesh/proto/google/rpc/error_details_pb";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LomsHarness, startLomsHarness } from "./loms-harness.ts";

let harness: LomsHarness;

beforeAll(async () => {
  harness = await startLomsHarness();
  await harness.orders.receiveStock({
    idempotencyKey: "receive",
    receipts: [{ sku: 1, warehouseId: 1n, quantity: 100 }],
  });
});

afterAll(async () => {
  await harness.stop();
});

const line = { sku: 1, quantity: 1 };
const price = (amountMinor: bigint, currencyCode = "EUR") => ({ currencyCode, amountMinor });

test.each([
  { what: "no user", request: { userId: 0n, lines: [line] }, field: "user_id" },
  { what: "a negative user", request: { userId: -1n, lines: [line] }, field: "user_id" },
  { what: "no lines", request: { lines: [] }, field: "lines" },
  { what: "10,000 lines", request: { lines: Array.from({ length: 10_000 }, () => line) }, field: "lines" },
  { what: "no SKU", request: { lines: [{ sku: 0, quantity: 1 }] }, field: "lines[0].sku" },
  { what: "no quantity", request: { lines: [{ sku: 1, quantity: 0 }] }, field: "lines[0].quantity" },
  {
    what: "a huge quantity",
    request: { lines: [{ sku: 1, quantity: 4_294_967_295 }] },
    field: "lines[0].quantity",
  },
  { what: "no key", request: { lines: [line], idempotencyKey: "" }, field: "idempotency_key" },
  {
    what: "a key of 10 kB",
    request: { lines: [line], idempotencyKey: "k".repeat(10_000) },
    field: "idempotency_key",
  },
  {
    what: "a negative price",
    request: { lines: [{ ...line, unitPrice: price(-1n) }] },
    field: "lines[0].unit_price.amount_minor",
  },
  {
    what: "a price that overflows",
    request: { lines: [{ ...line, quantity: 1_000_000, unitPrice: price(1_000_000_000_000_000n) }] },
    field: "lines",
  },
  {
    what: "no such currency",
    request: { lines: [{ ...line, unitPrice: price(1n, "euro") }] },
    field: "lines[0].unit_price.currency_code",
  },
  {
    what: "two currencies",
    request: {
      lines: [
        { ...line, unitPrice: price(1n) },
        { sku: 2, quantity: 1, unitPrice: price(1n, "USD") },
      ],
    },
    field: "lines[1].unit_price",
  },
  {
    what: "a payment window of a day",
    request: { lines: [line], paymentWindow: { seconds: 86_400n, nanos: 0 } },
    field: "payment_window",
  },
])("$what is refused, naming the field", async ({ request, field }) => {
  const error = ConnectError.from(
    await harness.orders.createOrder({ userId: 1n, idempotencyKey: "key", ...request }).then(
      () => new Error("It succeeded."),
      (thrown) => thrown,
    ),
  );
  expect(error.code).toBe(Code.InvalidArgument);
  expect(
    error.findDetails(BadRequestSchema)[0]?.fieldViolations.map((violation) => violation.field),
  ).toContain(field);
});

test("nothing was changed by any of it, and the key is still free", async () => {
  expect((await harness.orders.listOrders({})).orders).toEqual([]);
  const created = await harness.orders.createOrder({ userId: 1n, idempotencyKey: "key", lines: [line] });
  expect(created.replayed).toBe(false);
});

test("users and SKUs at the edge of their types work", async () => {
  const userId = 9_223_372_036_854_775_807n;
  const { orderId, status } = await harness.orders.createOrder({
    userId,
    idempotencyKey: 'quotes " and \\ backslashes, {braces}, ünïcödé 🎁',
    lines: [{ sku: 4_294_967_295, quantity: 1, name: 'a "name", {with} everything \\ 🎁' }],
  });
  expect(status).toBe(OrderStatus.FAILED);
  const { order } = await harness.orders.getOrder({ orderId });
  expect(order).toMatchObject({
    userId,
    lines: [{ sku: 4_294_967_295, name: 'a "name", {with} everything \\ 🎁' }],
  });
});

test("a name or key with a NUL, which PostgreSQL can not store, is refused or kept out", async () => {
  const withName = harness.orders.createOrder({
    userId: 1n,
    idempotencyKey: "nul",
    lines: [{ ...line, name: "a\u0000b" }],
  });
  expect(ConnectError.from(await withName.catch((thrown) => thrown)).code).toBe(Code.InvalidArgument);
  const withKey = harness.orders.createOrder({ userId: 1n, idempotencyKey: "a\u0000b", lines: [line] });
  expect(ConnectError.from(await withKey.catch((thrown) => thrown)).code).toBe(Code.InvalidArgument);
});

test("a call whose time is over is not carried out", async () => {
  const late = harness.orders.createOrder(
    { userId: 1n, idempotencyKey: "late", lines: [line] },
    { timeoutMs: 0 },
  );
  expect(ConnectError.from(await late.catch((thrown) => thrown)).code).toBe(Code.DeadlineExceeded);
  const created = await harness.orders.createOrder({ userId: 1n, idempotencyKey: "late", lines: [line] });
  expect(created.replayed).toBe(false);
});

test("one order that the database refuses does not fail the others of its batch", async () => {
  const keys = ["fine", "also fine", "not \u0000 fine", "fine as well"];
  const results = await Promise.allSettled(
    keys.map((idempotencyKey) => harness.orders.createOrder({ userId: 2n, idempotencyKey, lines: [line] })),
  );
  expect(results.map((result) => result.status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
});
