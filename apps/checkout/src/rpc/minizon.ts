import { Failure } from "@ordermesh/failure/failure";
import { CheckoutV1 } from "@ordermesh/proto/checkout_v1/checkout_pb";
import { type BoundService, bindService } from "@ordermesh/rpc/bound-service";
import { callOf } from "@ordermesh/rpc/call";
import { addToCart, type CartChange, deleteFromCart, type ListedCart, listCart } from "../cart.ts";
import { mixedCurrencies } from "../domain/failures.ts";
import { type PurchaseParts, purchase } from "../purchase.ts";

const quantityMax = 1_000_000;
const keysMax = 10_000;
const uint32Max = 4_294_967_295n;

/**
 * The contract of miniZON's checkout over the same operations. What was INTERNAL for everything there has its proper
 * code here; an empty cart is an empty list, a total is Σ price × count, and a purchase empties the cart.
 */
export function bindMinizonCheckout(parts: PurchaseParts): BoundService {
  return bindService(CheckoutV1, {
    async addToCart(request, context) {
      await addToCart(parts, changeOf(request), callOf(context));
      return {};
    },

    async deleteFromCart(request, context) {
      await deleteFromCart(parts, changeOf(request), callOf(context));
      return {};
    },

    async listCart({ user }, context) {
      checkUser(user);
      const cart = await listCart(parts, user, callOf(context));
      return {
        items: cart.lines.map(({ sku, quantity, product }) => ({
          sku,
          count: quantity,
          name: product?.name ?? "",
          price: product === undefined ? 0 : asUint32(`price of SKU ${sku}`, product.price.amountMinor),
        })),
        totalPrice: totalPrice(cart),
      };
    },

    async purchase({ user }, context) {
      checkUser(user);
      const { orderId } = await purchase(parts, user, 0n, callOf(context));
      return { orderId };
    },

    cacheDelete({ keys }) {
      check("keys", keys.length <= keysMax, `must have at most ${keysMax} entries`);
      parts.products.drop(keys.map(skuOf));
      return {};
    },
  });
}

function changeOf({ user, sku, count }: { user: bigint; sku: number; count: number }): CartChange {
  checkUser(user);
  check("sku", sku > 0, "must be greater than 0");
  check("count", count > 0 && count <= quantityMax, `must be from 1 to ${quantityMax}`);
  return { userId: user, sku, quantity: count };
}

function skuOf(key: string): number {
  const isSku = /^[1-9]\d{0,9}$/.test(key) && BigInt(key) <= uint32Max;
  check("keys", isSku, `"${key.slice(0, 20)}" is not a SKU: a number from 1 to ${uint32Max}, in decimal`);
  return Number(key);
}

function totalPrice({ totals }: ListedCart): number {
  if (totals.length > 1) {
    throw mixedCurrencies(totals.map(({ currencyCode }) => currencyCode));
  }
  return asUint32("total", totals[0]?.amountMinor ?? 0n);
}

function asUint32(what: string, amountMinor: bigint): number {
  if (amountMinor > uint32Max) {
    const description = `${amountMinor} minor units do not fit the 32 bits of this contract`;
    throw new Failure(
      "failed_precondition",
      `The ${what} is too high: ${description}. Use ordermesh.checkout.v1.`,
      {
        reason: "PRICE_OUT_OF_RANGE",
        preconditionViolations: [{ type: "PRICE_OUT_OF_RANGE", subject: "cart", description }],
      },
    );
  }
  return Number(amountMinor);
}

function checkUser(user: bigint): void {
  check("user", user > 0n, "must be greater than 0");
}

/** Its messages carry no rules that the validation interceptor could check. */
function check(field: string, holds: boolean, description: string): void {
  if (!holds) {
    throw new Failure("invalid_argument", `${field}: ${description}.`, {
      reason: "INVALID_REQUEST",
      fieldViolations: [{ field, description }],
    });
  }
}
