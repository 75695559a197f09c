import { CheckoutAdminService, CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { type BoundService, bindService } from "@ordermesh/rpc/bound-service";
import { callOf } from "@ordermesh/rpc/call";
import { addToCart, deleteFromCart, increaseInCart, listCart } from "../cart.ts";
import type { ProductCache } from "../product-cache.ts";
import { type PurchaseParts, purchase } from "../purchase.ts";
import { listCartResponse, purchaseResponse } from "./messages.ts";

export function bindCheckoutService(parts: PurchaseParts): BoundService {
  return bindService(CheckoutService, {
    async addToCart({ userId, sku, quantity }, context) {
      return { cartVersion: await addToCart(parts, { userId, sku, quantity }, callOf(context)) };
    },

    async increaseInCart({ userId, sku, quantity }, context) {
      const increased = await increaseInCart(parts, { userId, sku, quantity }, callOf(context));
      return { cartVersion: increased.version, quantity: increased.quantity };
    },

    async deleteFromCart({ userId, sku, quantity }, context) {
      return { cartVersion: await deleteFromCart(parts, { userId, sku, quantity }, callOf(context)) };
    },

    async listCart({ userId }, context) {
      return listCartResponse(await listCart(parts, userId, callOf(context)));
    },

    async purchase({ userId, cartVersion }, context) {
      return purchaseResponse(await purchase(parts, userId, cartVersion, callOf(context)));
    },
  });
}

export function bindCheckoutAdminService(products: ProductCache): BoundService {
  return bindService(CheckoutAdminService, {
    dropCachedProducts({ skus }) {
      return { dropped: products.drop(skus.length === 0 ? "all" : skus) };
    },
  });
}
