import { randomUUID } from "node:crypto";
import { Code, ConnectError } from "@connectrpc/connect";
import { pause } from "@ordermesh/process/wait";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import type { Payment } from "@ordermesh/proto/ordermesh/payments/v1/payment_pb";
import { PayOutcome, type PayResponse } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import type { SignedIn } from "../credentials.ts";
import { amount, type Narrator } from "./narrator.ts";

/** Numbers that the sandbox knows. */
const declinedCard = "4000000000009995";
export const goodCard = "4242424242424242";

const waitMs = 10_000;

/**
 * Pays an order with a card that has no money behind it, and then with one that has.
 *
 * @returns the payment, once the order is paid.
 */
export async function payAtSecondTry(buyer: SignedIn, orderId: bigint, narrator: Narrator): Promise<Payment> {
  const declined = await payWith(buyer, orderId, declinedCard);
  narrator.step(
    `pays order ${orderId} with the card …${declinedCard.slice(-4)}: ${PayOutcome[declined.outcome]} (${declined.declineCode})`,
  );
  const { outcome, payment } = await payWith(buyer, orderId, goodCard);
  narrator.step(
    `pays it with the card …${goodCard.slice(-4)}: ${PayOutcome[outcome]} ${amount(payment?.captured)}`,
  );
  if (outcome !== PayOutcome.CAPTURED || payment === undefined) {
    throw new Error(`The payment of order ${orderId} ended ${PayOutcome[outcome]}.`);
  }
  await untilPaid(buyer, orderId);
  return payment;
}

/** One try with a card that has money behind it. */
export function payWithGoodCard(buyer: SignedIn, orderId: bigint): Promise<PayResponse> {
  return payWith(buyer, orderId, goodCard);
}

async function payWith({ clients, userId }: SignedIn, orderId: bigint, number: string): Promise<PayResponse> {
  await untilPayable({ clients, userId }, orderId);
  const { paymentMethodToken } = await clients.payments.createPaymentMethod({
    userId,
    card: { number, expiryMonth: 12, expiryYear: new Date().getUTCFullYear() + 1, code: "123" },
  });
  return await clients.payments.pay({ orderId, paymentMethodToken, idempotencyKey: randomUUID() });
}

/** A payment is made by the order's event, so it is there a moment after the order. */
async function untilPayable({ clients }: SignedIn, orderId: bigint): Promise<void> {
  for (const deadline = performance.now() + waitMs; ; await pause(50)) {
    try {
      await clients.payments.getPayment({ orderId });
      return;
    } catch (error) {
      if (ConnectError.from(error).code !== Code.NotFound || performance.now() > deadline) {
        throw error;
      }
    }
  }
}

/** The order hears of the money by the payment's event. */
async function untilPaid({ clients }: SignedIn, orderId: bigint): Promise<void> {
  for (const deadline = performance.now() + waitMs; performance.now() < deadline; await pause(50)) {
    const { order } = await clients.orders.getOrder({ orderId });
    if (order?.status === OrderStatus.PAID) {
      return;
    }
  }
  throw new Error(`Order ${orderId} was not paid ${waitMs / 1_000} s after its money was there.`);
}

/** Gives some of the money back, as a seller does. */
export async function refundSome(
  seller: SignedIn,
  { paymentId, captured }: Payment,
  narrator: Narrator,
): Promise<void> {
  const amountMinor = (captured?.amountMinor ?? 0n) / 10n;
  const { payment } = await seller.clients.payments.refund({
    paymentId,
    amount: { currencyCode: captured?.currencyCode ?? "EUR", amountMinor },
    reason: "a scratch on the lamp",
    idempotencyKey: randomUUID(),
  });
  narrator.step(`gets something back from the seller, for a scratch: ${amount(payment?.refunded)}`);
}
