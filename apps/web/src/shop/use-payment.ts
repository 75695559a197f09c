import { create } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import {
  PaymentsService,
  PayOutcome,
  type PayResponse,
  PayResponseSchema,
} from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";
import { failureText } from "../failure-text.ts";
import { randomText } from "../random-text.ts";
import type { CardInput } from "./card-fields.tsx";

/** An order's payment is made by the order's event, a moment after the order. */
const untilPayableMs = 10_000;
const askAgainMs = 300;

/** Why a try is refused that need not be made any more. */
const settledElsewhere: readonly string[] = ["PAYMENT_CAPTURED", "PAYMENT_PROCESSING"];

export interface Paying {
  /** Makes the order, if there is none yet. */
  readonly orderId: () => Promise<bigint>;
  readonly card: CardInput;
}

/** One try to pay: the same card, token and name as long as nobody knows how it ended. */
interface Try {
  readonly card: string;
  readonly token: string;
  readonly key: string;
}

/**
 * Pays with a card: has it turned into a token, then pays with that. A try that had no answer is repeated as it was, so
 * that the money is taken once; a declined card ends the try, and the next one has another name.
 */
export function usePayment() {
  const client = createClient(PaymentsService, useTransport());
  const open = useRef<Try>(undefined);
  return useMutation({
    mutationFn: async ({ orderId, card }: Paying): Promise<PayResponse> => {
      const cardText = Object.values(card).join(" ");
      if (open.current?.card !== cardText) {
        // Before the order: a mistyped card must not make one.
        const { paymentMethodToken } = await client.createPaymentMethod({ card });
        open.current = { card: cardText, token: paymentMethodToken, key: randomText() };
      }
      return await payWhenPayable(client, await orderId(), open.current);
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

async function payWhenPayable(
  client: Client<typeof PaymentsService>,
  orderId: bigint,
  { token, key }: Try,
): Promise<PayResponse> {
  const giveUpAt = Date.now() + untilPayableMs;
  for (;;) {
    try {
      return await client.pay({ orderId, paymentMethodToken: token, idempotencyKey: key });
    } catch (error) {
      if (settledElsewhere.includes(failureText(error).reason)) {
        // Another tab was faster: the order's page says how it stands.
        return create(PayResponseSchema, { outcome: PayOutcome.PROCESSING });
      }
      if (ConnectError.from(error).code !== Code.NotFound || Date.now() > giveUpAt) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, askAgainMs));
    }
  }
}
