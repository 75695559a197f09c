import type { ClaimedDelivery } from "../sql/deliveries.ts";

/** How one try to deliver ended. The error is shown to the user, so it holds no secret and nothing that came back. */
export type DeliveryResult =
  | { readonly kind: "delivered" }
  /** `final`: another try would end the same way. */
  | { readonly kind: "failed"; readonly error: string; readonly final: boolean };

/** Makes one try, within a bounded time. Never rejects because of the receiver. */
export type Deliver = (delivery: ClaimedDelivery) => Promise<DeliveryResult>;

export const delivered: DeliveryResult = { kind: "delivered" };

export function failed(error: string, options: { readonly final?: boolean } = {}): DeliveryResult {
  return { kind: "failed", error, final: options.final ?? false };
}
