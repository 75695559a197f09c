import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LomsReplicas, startLomsReplicas } from "../harness/loms-replicas.ts";

/*
 * miniZON read what was available and then wrote a reservation, so two buyers could both get the last unit; and nobody
 * but a customer would have noticed. Here 500 buyers meet at the same SKU, over two replicas.
 */

const buyers = 500;
let loms: LomsReplicas;

beforeAll(async () => {
  loms = await startLomsReplicas(2);
});

afterAll(async () => {
  await loms.stop();
});

test.each([
  { units: 20, warehouses: 4, rounds: 3 },
  { units: 1, warehouses: 1, rounds: 3 },
])(
  "$units units over $warehouses warehouses go to $units of 500 buyers",
  async ({ units, warehouses, rounds }) => {
    for (let round = 0; round < rounds; round += 1) {
      const sku = units * 1_000 + round + 1;
      await loms.orders.receiveStock({
        idempotencyKey: `receive ${sku}`,
        receipts: Array.from({ length: warehouses }, (_, index) => ({
          sku,
          warehouseId: BigInt(220 + index),
          quantity: units / warehouses,
        })),
      });
      const orders = await Promise.all(
        Array.from({ length: buyers }, (_, index) =>
          loms.orders.createOrder({
            userId: BigInt(index + 1),
            idempotencyKey: `round ${sku}`,
            lines: [{ sku, quantity: 1 }],
          }),
        ),
      );
      const won = orders.filter((order) => order.status === OrderStatus.AWAITING_PAYMENT);
      const lost = orders.filter((order) => order.status === OrderStatus.FAILED);
      expect([won.length, lost.length]).toEqual([units, buyers - units]);

      // Half of the winners pay and half cancel, all at once.
      await Promise.all(
        won.map(({ orderId }, index) =>
          index % 2 === 0 ? loms.orders.payOrder({ orderId }) : loms.orders.cancelOrder({ orderId }),
        ),
      );
      const { stockLevels } = await loms.orders.listStockLevels({ sku });
      const sum = (pick: (level: (typeof stockLevels)[number]) => number) =>
        stockLevels.reduce((total, level) => total + pick(level), 0);
      expect(sum((level) => level.reserved)).toBe(0);
      expect(sum((level) => level.onHand)).toBe(Math.floor(units / 2));
    }
  },
);

test("orders of several SKUs, in any order of lines, never deadlock over two replicas", async () => {
  const skus = Array.from({ length: 8 }, (_, index) => 900_000 + index);
  await loms.orders.receiveStock({
    idempotencyKey: "receive crossing",
    receipts: skus.flatMap((sku) => [220n, 221n].map((warehouseId) => ({ sku, warehouseId, quantity: 400 }))),
  });
  const orders = await Promise.all(
    Array.from({ length: buyers }, (_, index) => {
      const lines = [0, 1, 2].map((step) => ({
        sku: skus[(index + step * 3) % skus.length] ?? 0,
        quantity: 1,
      }));
      return loms.orders.createOrder({
        userId: BigInt(index + 1),
        idempotencyKey: "crossing",
        lines: index % 2 === 0 ? lines : lines.reverse(),
      });
    }),
  );
  expect(orders.every((order) => order.status === OrderStatus.AWAITING_PAYMENT)).toBe(true);
  await Promise.all(
    orders.map(({ orderId }, index) =>
      index % 3 === 0 ? loms.orders.payOrder({ orderId }) : loms.orders.cancelOrder({ orderId }),
    ),
  );
});

test("verify finds nothing", async () => {
  const examined = await loms.expectVerifyClean();
  expect(
    examined["I9 an order's history counts 1, 2, 3 … up to its version, and ends with its status"],
  ).toBeGreaterThan(6 * buyers);
});
