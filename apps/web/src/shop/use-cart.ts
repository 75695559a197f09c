import { useQuery } from "@connectrpc/connect-query";
import { CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { useReadAnew } from "../read-anew.ts";

/** The cart, as the service has it: there is no other. It is read anew whenever the window is looked at. */
export function useCart({ enabled = true }: { readonly enabled?: boolean } = {}) {
  return useQuery(CheckoutService.method.listCart, {}, { enabled, refetchOnWindowFocus: "always" });
}

/** Reads the cart anew, after it was changed. */
export function useCartReader(): () => Promise<void> {
  return useReadAnew([CheckoutService.method.listCart]);
}
