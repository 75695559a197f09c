import { counterpartRule } from "@ordermesh/auth/counterpart";
import type { RuleTable } from "@ordermesh/auth/method-rule";
import { CheckoutAdminService, CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";

/** Who may call miniZON's contract, which has no room for rules of its own. @param open anybody, as it was there. */
export function minizonRules(open: boolean): RuleTable {
  const { addToCart, deleteFromCart, listCart, purchase } = CheckoutService.method;
  return {
    "checkout_v1.CheckoutV1/AddToCart": counterpartRule(addToCart, open, "user"),
    "checkout_v1.CheckoutV1/DeleteFromCart": counterpartRule(deleteFromCart, open, "user"),
    "checkout_v1.CheckoutV1/ListCart": counterpartRule(listCart, open, "user"),
    "checkout_v1.CheckoutV1/Purchase": counterpartRule(purchase, open, "user"),
    "checkout_v1.CheckoutV1/CacheDelete": counterpartRule(
      CheckoutAdminService.method.dropCachedProducts,
      open,
    ),
  };
}
