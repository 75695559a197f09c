import type { Client } from "@connectrpc/connect";
import { type Payment, PaymentStatus } from "@ordermesh/proto/ordermesh/payments/v1/payment_pb";
import type {
  Card,
  CreatePaymentMethodResponse,
  PaymentsService,
} from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { upstreamFailure } from "@ordermesh/rpc/upstream-failure";
import type { PaymentNews } from "../domain/payment-news.ts";
import type { CallContext } from "./catalogue.ts";

/** A share as the payment service has to know it. */
export interface PayableShare {
  readonly shareId: bigint;
  readonly amountMinor: bigint;
  readonly currencyCode: string;
  /** Who pays it. */
  readonly payerGuestId: bigint;
  /** Names the try towards the payment service: the same id, the same try. */
  readonly tryId: bigint;
  readonly traceparent: string;
}

/** What tables asks of payments. Failures keep the kind that payments gave them. */
export interface SharePayments {
  /** The card is passed on, and in no failure. */
  createMethod(
    guestId: bigint,
    card: Card | undefined,
    call: CallContext,
  ): Promise<CreatePaymentMethodResponse>;
  /** How a share's payment stands. It is made if there is none, so that what comes later finds it. */
  find(share: PayableShare): Promise<PaymentNews>;
  /** Tries to pay a share whose payment is there. Repeated, it is the same try. */
  pay(share: PayableShare, paymentId: bigint, methodToken: string): Promise<PaymentNews>;
  /** Ends a share's payment, if need be by giving back what was captured. */
  giveBack(share: PayableShare): Promise<void>;
}

/**
 * Longer than payments waits for its provider. A try goes on for as long as that, whatever its caller has time for: an
 * answer that nobody waits for would only come later.
 */
const payTimeoutMs = 8_000;
const callTimeoutMs = 3_000;

const standings: Readonly<Record<PaymentStatus, PaymentNews["standing"] | undefined>> = {
  [PaymentStatus.UNSPECIFIED]: undefined,
  [PaymentStatus.REQUIRES_PAYMENT]: "free",
  [PaymentStatus.PROCESSING]: "processing",
  [PaymentStatus.CAPTURED]: "captured",
  [PaymentStatus.DECLINED]: "declined",
  [PaymentStatus.PARTIALLY_REFUNDED]: "captured",
  [PaymentStatus.REFUNDED]: "captured",
  [PaymentStatus.CANCELED]: "canceled",
};

export function createSharePayments(payments: Client<typeof PaymentsService>): SharePayments {
  const options = ({ traceparent }: PayableShare, timeoutMs = callTimeoutMs) => ({
    headers: { traceparent },
    timeoutMs,
  });

  async function find(share: PayableShare): Promise<PaymentNews> {
    const { shareId: billShareId, payerGuestId: userId, currencyCode, amountMinor } = share;
    const request = { billShareId, userId, amount: { currencyCode, amountMinor } };
    const { payment } = await payments.createBillPayment(request, options(share)).catch(throwFailure);
    return newsOf(share, payment);
  }

  return {
    async createMethod(guestId, card, { traceparent, remainingMs }) {
      const timeoutMs = Math.max(1, Math.min(payTimeoutMs, remainingMs()));
      return await payments
        .createPaymentMethod({ userId: guestId, card }, { headers: { traceparent }, timeoutMs })
        .catch(throwFailure);
    },

    find,

    async pay(share, paymentId, paymentMethodToken) {
      const idempotencyKey = `share-try-${share.tryId}`;
      const { payment } = await payments
        .pay({ paymentId, paymentMethodToken, idempotencyKey }, options(share, payTimeoutMs))
        .catch(throwFailure);
      return newsOf(share, payment);
    },

    async giveBack(share) {
      // A share whose try never arrived has no payment: it gets one, so that a try which is still on its way finds it ended.
      await find(share);
      await payments
        .cancelBillPayment({ billShareId: share.shareId, giveBack: true }, options(share))
        .catch(throwFailure);
    },
  };
}

function newsOf({ shareId }: PayableShare, payment: Payment | undefined): PaymentNews {
  const standing = payment && standings[payment.status];
  if (payment === undefined || standing === undefined) {
    throw new Error(`Payments did not say how the payment of share ${shareId} stands.`);
  }
  const { paymentId, version, declineCode } = payment;
  return { shareId, paymentId, version, standing, declineCode };
}

function throwFailure(error: unknown): never {
  throw upstreamFailure("payments", error);
}
