import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import type { BillShare } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";
import { failureText } from "../failure-text.ts";
import { randomText } from "../random-text.ts";
import type { CardInput } from "../shop/card-fields.tsx";

/** One try to pay: the same card, token and name as long as nobody knows how it ended. */
interface Try {
  readonly card: string;
  readonly token: string;
  readonly key: string;
}

/** Pays a share by card. A try without an answer is repeated as it was, so that the money is taken once. */
export function usePayShare(sessionId: bigint, shareId: bigint) {
  const client = createClient(TablesService, useTransport());
  const open = useRef<Try>(undefined);
  return useMutation({
    mutationFn: async (card: CardInput): Promise<BillShare | undefined> => {
      const cardText = Object.values(card).join(" ");
      if (open.current?.card !== cardText) {
        const { paymentMethod } = await client.createGuestPaymentMethod({ sessionId, card });
        open.current = { card: cardText, token: paymentMethod?.paymentMethodToken ?? "", key: randomText() };
      }
      const { token, key } = open.current;
      const paid = await client.payShare({ sessionId, shareId, paymentMethod: token, idempotencyKey: key });
      return paid.share;
    },
    onSuccess: () => {
      open.current = undefined;
    },
    onError: (error) => {
      if (!failureText(error).isPassing) {
        open.current = undefined;
      }
    },
  });
}
