import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { countDeadlocks } from "../harness/deadlocks.ts";
import { faultRun } from "../harness/fault-run.ts";
import { type LomsReplicas, startLomsReplicas } from "../harness/loms-replicas.ts";

/*
 * F21: miniZON read what was available and then wrote a reservation, so two buyers could both get the last unit; and
 * nobody but a customer would have noticed. Here 500 buyers meet at the same SKU.
 */

const buyers = 500;

describe.each([1, 3])("%i replicas", (replicaCount) => {
  let loms: LomsReplicas;

  beforeAll(async () => {
    loms = await startLomsReplicas(replicaCount);
  });

  afterAll(async () => {
    await loms.stop();
  });

  /** @returns how many won and how many got nothing. */
  async function race(sku: number, units: number, warehouses: number): Promise<[number, number]> {
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
    return [won.length, lost.length];
  }

  describe.each([
    { units: 20, warehouses: 4 },
    { units: 1, warehouses: 1 },
  ])("$units units over $warehouses warehouses", ({ units, warehouses }) => {
    const claim = `${units} units over ${warehouses} warehouses for ${buyers} buyers, ${replicaCount} replicas`;
    const run = faultRun(claim, { short: 1, whole: 3, long: 200 });

    test(
      `go to ${units} of ${buyers} buyers`,
      async () => {
        let winners = 0;
        let losers = 0;
        for (let round = 0; round < run.rounds; round += 1) {
          const [won, lost] = await race(units * 1_000 + round + 1, units, warehouses);
          expect([won, lost]).toEqual([units, buyers - units]);
          winners += won;
          losers += lost;
        }
        run.report({ winners, losers });
      },
      run.timeoutMs(2_000),
    );
  });

  test("orders of several SKUs, in any order of lines, wait for each other and all succeed", async () => {
    const skus = Array.from({ length: 8 }, (_, index) => 900_000 + index);
    await loms.orders.receiveStock({
      idempotencyKey: "receive crossing",
      receipts: skus.flatMap((sku) =>
        [220n, 221n].map((warehouseId) => ({ sku, warehouseId, quantity: 400 })),
      ),
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

  test("verify finds nothing, and nothing deadlocked", async () => {
    const examined = await loms.expectVerifyClean();
    const claim = "I9 an order's history counts 1, 2, 3 … up to its version, and ends with its status";
    expect(examined[claim]).toBeGreaterThan(6 * buyers);

    // The count is certain once the connections that it counts are closed.
    await Promise.all(loms.replicas.map((replica) => replica.stop()));
    expect(await countDeadlocks(loms.database.url)).toBe(0);
  });
});
