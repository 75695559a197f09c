import type { Client } from "@connectrpc/connect";
import type { CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import type { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { ProductKind, type ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import type { SeededRandom } from "@ordermesh/testkit/seeded-random";
import { expect } from "vitest";
import { type Load, startLoad } from "./load.ts";

/** Buyers who fill a cart, look at it, click on purchase twice, and pay or leave. */
export interface PurchaseLoad extends Load {
  /** By order id: the status that the last answer gave it. */
  readonly answers: ReadonlyMap<bigint, OrderStatus>;
}

export async function addProducts(
  products: Client<typeof ProductService>,
  skus: readonly number[],
): Promise<void> {
  await products.batchUpsertProducts({
    products: skus.map((sku) => ({
      sku,
      name: `Product ${sku}`,
      price: { currencyCode: "EUR", amountMinor: BigInt(sku * 100) },
      kind: ProductKind.PHYSICAL,
    })),
  });
}

export function startPurchaseLoad(options: {
  readonly checkout: Client<typeof CheckoutService>;
  readonly orders: Client<typeof LomsService>;
  readonly random: SeededRandom;
  readonly skus: readonly number[];
  readonly workers: number;
  readonly retriesMax?: number;
  readonly pauseMs?: () => number;
  /** Each worker is a user of its own. Above those of an order load unless told, so that both can run together. */
  readonly firstUser?: number;
}): PurchaseLoad {
  const { checkout, orders, random, skus, firstUser = 1_000 } = options;
  const answers = new Map<bigint, OrderStatus>();

  const load = startLoad({
    ...options,
    async turn(worker, attempt) {
      const userId = BigInt(firstUser + worker);
      const [sku, other] = [random.pick(skus), random.pick(skus)];
      const quantity = random.integer(1, 3);
      await attempt(() => checkout.addToCart({ userId, sku: other, quantity: 1 }));
      await attempt(() => checkout.addToCart({ userId, sku, quantity }));
      if (other !== sku) {
        // All that there is, so that repeating this call, which has no key, does no harm. Transports never repeat it.
        await attempt(() => checkout.deleteFromCart({ userId, sku: other, quantity: 1_000 }), 1);
      }
      const { lines, cartVersion } = await attempt(() => checkout.listCart({ userId }));
      expect(lines).toMatchObject([{ sku, quantity, unavailable: false }]);

      // A double click: the second one meets another replica.
      const purchase = () => attempt(() => checkout.purchase({ userId, cartVersion }));
      const [first, second] = await Promise.all([purchase(), purchase()]);
      expect(second.orderId).toBe(first.orderId);
      const { orderId } = first;
      answers.set(orderId, OrderStatus.AWAITING_PAYMENT);
      if (random.next() < 0.5) {
        await attempt(() => orders.payOrder({ orderId }));
        answers.set(orderId, OrderStatus.PAID);
      }
    },
  });
  return { ...load, answers };
}
