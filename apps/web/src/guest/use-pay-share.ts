import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import type { CardInput } from "../cards/card-fields.tsx";
import { useCardPayment } from "../cards/use-card-payment.ts";

/** Pays a share by card. */
export function usePayShare(sessionId: bigint, shareId: bigint) {
  const client = createClient(TablesService, useTransport());
  return useCardPayment({
    makeToken: async (card) => {
      const { paymentMethod } = await client.createGuestPaymentMethod({ sessionId, card });
      return paymentMethod?.paymentMethodToken ?? "";
    },
    pay: async (_: { readonly card: CardInput }, { token, key }) => {
      const { share } = await client.payShare({
        sessionId,
        shareId,
        paymentMethod: token,
        idempotencyKey: key,
      });
      return share;
    },
  });
}
