import { create } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import {
  PaymentsService,
  PayOutcome,
  type PayResponse,
  PayResponseSchema,
} from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import type { CardInput } from "../cards/card-fields.tsx";
import { type CardTry, useCardPayment } from "../cards/use-card-payment.ts";
import { failureText } from "../failure-text.ts";

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

/** Pays an order by card. */
export function usePayment() {
  const client = createClient(PaymentsService, useTransport());
  return useCardPayment({
    makeToken: async (card) => (await client.createPaymentMethod({ card })).paymentMethodToken,
    pay: async ({ orderId }: Paying, attempt) => await payWhenPayable(client, await orderId(), attempt),
  });
}

async function payWhenPayable(
  client: Client<typeof PaymentsService>,
  orderId: bigint,
  { token, key }: CardTry,
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
