import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema, PreconditionFailureSchema } from "@ordermesh/proto/google/rpc/error_details_pb";
import { CancelReason, OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LomsHarness, startLomsHarness } from "./loms-harness.ts";

let harness: LomsHarness;
let nextSku = 1000;

beforeAll(async () => {
  harness = await startLomsHarness();
});

afterAll(async () => {
  await harness.stop();
});

/** A SKU that no other test uses, with units in warehouses 1, 2 … */
async function stock(...quantities: number[]): Promise<number> {
  nextSku += 1;
  const sku = nextSku;
  await harness.orders.receiveStock({
    idempotencyKey: `receive ${sku}`,
    receipts: quantities.map((quantity, index) => ({ sku, warehouseId: BigInt(index + 1), quantity })),
  });
  return sku;
}

async function levels(sku: number) {
  const { stockLevels } = await harness.orders.listStockLevels({ sku });
  return stockLevels.map(({ onHand, reserved }) => ({ onHand, reserved }));
}

let nextKey = 0;
function order(lines: { sku: number; quantity: number }[], idempotencyKey = `key ${nextKey++}`) {
  const unitPrice = { currencyCode: "EUR", amountMinor: 250n };
  return harness.orders.createOrder({
    userId: 7n,
    idempotencyKey,
    lines: lines.map((line) => ({ ...line, unitPrice, name: `Thing ${line.sku}` })),
  });
}

async function failureOf(
  call: Promise<unknown>,
): Promise<{ code: Code; reason: string; error: ConnectError }> {
  const error = ConnectError.from(
    await call.then(
      () => new Error("It succeeded."),
      (thrown) => thrown,
    ),
  );
  return { code: error.code, reason: error.findDetails(ErrorInfoSchema)[0]?.reason ?? "", error };
}

test("an order reserves over several warehouses, and paying writes its units off", async () => {
  const sku = await stock(3, 4);
  const created = await order([{ sku, quantity: 5 }]);
  expect(created.status).toBe(OrderStatus.AWAITING_PAYMENT);
  expect(created.total?.amountMinor).toBe(1250n);
  expect(await levels(sku)).toEqual([
    { onHand: 3, reserved: 3 },
    { onHand: 4, reserved: 2 },
  ]);

  expect(await harness.orders.payOrder({ orderId: created.orderId })).toMatchObject({
    version: 3,
    changed: true,
  });
  expect(await levels(sku)).toEqual([
    { onHand: 0, reserved: 0 },
    { onHand: 2, reserved: 0 },
  ]);
  const { order: paid } = await harness.orders.getOrder({ orderId: created.orderId });
  expect(paid?.history.map((change) => change.status)).toEqual([
    OrderStatus.NEW,
    OrderStatus.AWAITING_PAYMENT,
    OrderStatus.PAID,
  ]);
  expect(paid?.lines).toMatchObject([{ sku, quantity: 5, name: `Thing ${sku}` }]);
});

test("an order for which stock is short is kept as failed, holds nothing, and says what was short", async () => {
  const plenty = await stock(100);
  const scarce = await stock(1, 1);
  const created = await order([
    { sku: plenty, quantity: 1 },
    { sku: scarce, quantity: 3 },
  ]);
  expect(created.status).toBe(OrderStatus.FAILED);
  expect(created.shortages).toMatchObject([{ sku: scarce, requested: 3, available: 2 }]);
  expect(await levels(plenty)).toEqual([{ onHand: 100, reserved: 0 }]);
  const { order: failed } = await harness.orders.getOrder({ orderId: created.orderId });
  expect(failed?.status).toBe(OrderStatus.FAILED);
  expect(await failureOf(harness.orders.payOrder({ orderId: created.orderId }))).toMatchObject({
    code: Code.FailedPrecondition,
    reason: "ORDER_FAILED",
  });
});

test("lines that name the same SKU are merged before stock is looked at", async () => {
  const sku = await stock(5);
  const created = await order([
    { sku, quantity: 3 },
    { sku, quantity: 3 },
  ]);
  expect(created.status).toBe(OrderStatus.FAILED);
  expect(created.shortages).toMatchObject([{ sku, requested: 6, available: 5 }]);
});

test("paying twice succeeds and writes off once; canceling a paid order is refused", async () => {
  const sku = await stock(10);
  const { orderId } = await order([{ sku, quantity: 4 }]);
  await harness.orders.payOrder({ orderId });
  expect(await harness.orders.payOrder({ orderId })).toMatchObject({ version: 3, changed: false });
  expect(await levels(sku)).toEqual([{ onHand: 6, reserved: 0 }]);
  const refused = await failureOf(harness.orders.cancelOrder({ orderId }));
  expect(refused).toMatchObject({ code: Code.FailedPrecondition, reason: "ORDER_PAID" });
  expect(refused.error.findDetails(PreconditionFailureSchema)[0]?.violations[0]?.subject).toBe(
    `order/${orderId}`,
  );
});

test("canceling frees the stock, and a canceled order can not be paid", async () => {
  const sku = await stock(10);
  const { orderId } = await order([{ sku, quantity: 4 }]);
  expect(await harness.orders.cancelOrder({ orderId })).toMatchObject({ changed: true });
  expect(await harness.orders.cancelOrder({ orderId })).toMatchObject({ changed: false });
  expect(await levels(sku)).toEqual([{ onHand: 10, reserved: 0 }]);
  expect(await failureOf(harness.orders.payOrder({ orderId }))).toMatchObject({
    code: Code.FailedPrecondition,
    reason: "ORDER_CANCELED",
  });
});

test("the same key returns the first order; another request with it is refused", async () => {
  const sku = await stock(10);
  const first = await order([{ sku, quantity: 2 }], "a key");
  const again = await order([{ sku, quantity: 2 }], "a key");
  expect(again).toMatchObject({ orderId: first.orderId, status: first.status, replayed: true });
  await harness.orders.payOrder({ orderId: first.orderId });
  expect((await order([{ sku, quantity: 2 }], "a key")).status).toBe(OrderStatus.AWAITING_PAYMENT);
  expect(await failureOf(order([{ sku, quantity: 3 }], "a key"))).toMatchObject({
    code: Code.InvalidArgument,
    reason: "IDEMPOTENCY_KEY_REUSED",
  });
  expect(await levels(sku)).toEqual([{ onHand: 8, reserved: 0 }]);
});

test("fifty calls with one key at once make one order", async () => {
  const sku = await stock(100);
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => order([{ sku, quantity: 1 }], "one intent")),
  );
  expect(new Set(answers.map((answer) => answer.orderId)).size).toBe(1);
  expect(answers.filter((answer) => !answer.replayed)).toHaveLength(1);
  expect(await levels(sku)).toEqual([{ onHand: 100, reserved: 1 }]);
});

test("a batch decides its orders one by one, in the order given", async () => {
  const sku = await stock(5);
  const { results } = await harness.orders.batchCreateOrders({
    orders: [4, 3, 1].map((quantity, index) => ({
      userId: 9n,
      idempotencyKey: `batch ${index}`,
      lines: [{ sku, quantity }],
    })),
  });
  expect(
    results.map(({ outcome }) => (outcome.case === "order" ? outcome.value.status : outcome.case)),
  ).toEqual([OrderStatus.AWAITING_PAYMENT, OrderStatus.FAILED, OrderStatus.AWAITING_PAYMENT]);
});

test("an order that is not paid in time is canceled, with the reason, and its stock is free again", async () => {
  const hasty = await startLomsHarness({ paymentWindowMs: 300 });
  try {
    await hasty.orders.receiveStock({
      idempotencyKey: "receive",
      receipts: [{ sku: 1, warehouseId: 1n, quantity: 3 }],
    });
    const { orderId } = await hasty.orders.createOrder({
      userId: 1n,
      idempotencyKey: "late",
      lines: [{ sku: 1, quantity: 3 }],
    });
    await eventually(async () => {
      const { order: late } = await hasty.orders.getOrder({ orderId });
      expect(late).toMatchObject({
        status: OrderStatus.CANCELED,
        cancelReason: CancelReason.PAYMENT_DEADLINE,
      });
    });
    expect((await hasty.orders.listStockLevels({ sku: 1 })).stockLevels[0]).toMatchObject({
      onHand: 3,
      reserved: 0,
    });
  } finally {
    await hasty.stop();
  }
});

test("a payment after the deadline is refused although the timer has not fired", async () => {
  const slow = await startLomsHarness({ paymentWindowMs: 100, timersEveryMs: 5_000 });
  try {
    await slow.orders.receiveStock({
      idempotencyKey: "receive",
      receipts: [{ sku: 1, warehouseId: 1n, quantity: 3 }],
    });
    const created = await slow.orders.createOrder({
      userId: 1n,
      idempotencyKey: "late",
      lines: [{ sku: 1, quantity: 3 }],
    });
    const dueAt = Number(created.paymentDueTime?.seconds) * 1000 + (created.paymentDueTime?.nanos ?? 0) / 1e6;
    await eventually(() => expect(Date.now()).toBeGreaterThan(dueAt + 20));
    expect(await failureOf(slow.orders.payOrder({ orderId: created.orderId }))).toMatchObject({
      code: Code.FailedPrecondition,
      reason: "PAYMENT_DEADLINE_PASSED",
    });
    const { order: canceled } = await slow.orders.getOrder({ orderId: created.orderId });
    expect(canceled).toMatchObject({
      status: OrderStatus.CANCELED,
      cancelReason: CancelReason.PAYMENT_DEADLINE,
    });
  } finally {
    await slow.stop();
  }
});

test("unknown orders and SKUs are named", async () => {
  expect(await failureOf(harness.orders.getOrder({ orderId: 999_999_999n }))).toMatchObject({
    code: Code.NotFound,
    reason: "ORDER_NOT_FOUND",
  });
  expect(await failureOf(harness.orders.payOrder({ orderId: 999_999_999n }))).toMatchObject({
    code: Code.NotFound,
  });
  expect(await failureOf(harness.orders.listStockLevels({ sku: 424242 }))).toMatchObject({
    code: Code.NotFound,
    reason: "SKU_NOT_FOUND",
  });
});
