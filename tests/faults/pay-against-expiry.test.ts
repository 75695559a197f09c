import { Code, ConnectError } from "@connectrpc/connect";
import { pause } from "@ordermesh/process/wait";
import { CancelReason, OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { seededRandom } from "@ordermesh/testkit/seeded-random";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LomsReplicas, startLomsReplicas } from "../harness/loms-replicas.ts";

/*
 * miniZON's timeout job selected unpaid orders and then overwrote whatever status they had by then: an order that was
 * paid in between ended canceled, with its stock already gone. Here payments are sent around the deadline, on
 * both sides of it, while timers of two replicas fire.
 */

const orderCount = Number(process.env.PAY_AGAINST_EXPIRY_ORDERS ?? 400);
const windowMs = 1_000;
const sku = 77;
let loms: LomsReplicas;

beforeAll(async () => {
  loms = await startLomsReplicas(2, { timersEveryMs: 10 });
  await loms.orders.receiveStock({
    idempotencyKey: "receive",
    receipts: [{ sku, warehouseId: 220n, quantity: orderCount }],
  });
});

afterAll(async () => {
  await loms.stop();
});

/** Creates an order and pays it close to its deadline. */
async function race(index: number, offsetMs: number): Promise<"paid" | "refused"> {
  const { orderId, paymentDueTime } = await loms.orders.createOrder({
    userId: BigInt(index + 1),
    idempotencyKey: "race",
    lines: [{ sku, quantity: 1 }],
    paymentWindow: { seconds: 1n, nanos: 0 },
  });
  const dueAt = Number(paymentDueTime?.seconds) * 1_000 + (paymentDueTime?.nanos ?? 0) / 1e6;
  await pause(Math.max(0, dueAt + offsetMs - Date.now()));
  try {
    await loms.orders.payOrder({ orderId });
    return "paid";
  } catch (error) {
    expect(ConnectError.from(error).code).toBe(Code.FailedPrecondition);
    return "refused";
  }
}

test("each order ends paid or canceled, as its payer was told", async () => {
  const random = seededRandom("pay against expiry");
  const answers = await Promise.all(
    Array.from({ length: orderCount }, (_, index) => race(index, random.integer(-300, 60))),
  );
  const paid = answers.filter((answer) => answer === "paid").length;
  process.stdout.write(
    `pay against expiry: ${paid} paid, ${orderCount - paid} refused, window ${windowMs} ms\n`,
  );
  // Without both outcomes the payments were not at the deadline and nothing was proved.
  expect(paid).toBeGreaterThan(0);
  expect(paid).toBeLessThan(orderCount);

  const list = (status: OrderStatus) => loms.orders.listOrders({ statuses: [status], pageSize: 500 });
  await eventually(async () => expect((await list(OrderStatus.AWAITING_PAYMENT)).orders).toEqual([]));
  const { orders: paidOrders } = await list(OrderStatus.PAID);
  const { orders: canceledOrders } = await list(OrderStatus.CANCELED);
  if (orderCount <= 500) {
    expect([paidOrders.length, canceledOrders.length]).toEqual([paid, orderCount - paid]);
  }
  expect(canceledOrders.every((order) => order.cancelReason === CancelReason.PAYMENT_DEADLINE)).toBe(true);
  const { stockLevels } = await loms.orders.listStockLevels({ sku });
  expect(stockLevels[0]).toMatchObject({ onHand: orderCount - paid, reserved: 0 });
  await loms.expectVerifyClean();
});
