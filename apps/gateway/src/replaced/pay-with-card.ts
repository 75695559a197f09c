import { randomUUID } from "node:crypto";
import type { JsonValue } from "@bufbuild/protobuf";
import { Failure } from "@ordermesh/failure/failure";
import { type Payment, PaymentStatus } from "@ordermesh/proto/ordermesh/payments/v1/payment_pb";
import { type Answer, textAnswer } from "../rest/answer.ts";
import type { ReplacedClients, UserCalls } from "./user-calls.ts";

/** A card as the payments service wants it. Lives as long as its request. */
export interface CardInput {
  readonly number: string;
  readonly expiryMonth: number;
  readonly expiryYear: number;
  readonly code: string;
}

/** The texts by which clients of order-processing-system tell outcomes apart. */
const successful = "payment was successful";
const declined = "payment was declined";
const notThere = "payment already processed or does not exist";
const notProcessed = "payment could not be processed at this time";
const undecided = "payment is being processed";

/** Pays an order with the card in the body. A declined payment may be tried again, until the order's deadline. */
export async function payWithCard(
  clients: ReplacedClients,
  calls: UserCalls,
  { orderId, body }: { readonly orderId: bigint; readonly body: JsonValue | undefined },
): Promise<Answer> {
  const card = cardOf(body);
  if (card === undefined) {
    return textAnswer(400, notProcessed);
  }
  try {
    await findPayment(clients, calls, orderId);
    const token = await createPaymentMethod(clients, calls, card);
    const { payment } = await calls.call("payments", (call) =>
      clients.payments.pay(
        { orderId, paymentMethodToken: token, idempotencyKey: calls.writeKey ?? randomUUID() },
        call,
      ),
    );
    return answerOf(await untilDecided(clients, calls, orderId, payment?.status));
  } catch (error) {
    if (error instanceof Failure && error.kind === "invalid_argument") {
      return textAnswer(400, notProcessed);
    }
    if (error instanceof Failure && (error.kind === "not_found" || error.kind === "failed_precondition")) {
      return textAnswer(404, notThere);
    }
    throw error;
  }
}

/** A card's token, which stands for it from then on. */
export async function createPaymentMethod(
  { payments }: ReplacedClients,
  calls: UserCalls,
  card: CardInput,
): Promise<string> {
  const { paymentMethodToken } = await calls.call("payments", (call) =>
    payments.createPaymentMethod({ userId: calls.userId, card }, call),
  );
  return paymentMethodToken;
}

/**
 * The payment of an order, which is made by the order's event and so comes a moment after it.
 *
 * @throws Failure `not_found` if there is no such order of this user.
 */
export async function findPayment(
  { payments, orders }: ReplacedClients,
  calls: UserCalls,
  orderId: bigint,
): Promise<Payment> {
  await calls.call("loms", (call) => orders.getOrder({ orderId }, call));
  for (;;) {
    try {
      const { payment } = await calls.call("payments", (call) => payments.getPayment({ orderId }, call));
      if (payment !== undefined) {
        return payment;
      }
    } catch (error) {
      if (!(error instanceof Failure) || error.kind !== "not_found") {
        throw error;
      }
    }
    if (!(await calls.waitToAskAgain())) {
      throw new Failure("not_found", `Order ${orderId} has no payment yet. Try again.`, {
        reason: "PAYMENT_NOT_FOUND",
      });
    }
  }
}

/** Waits while the provider has not decided, for as long as the request may take. */
export async function untilDecided(
  clients: ReplacedClients,
  calls: UserCalls,
  orderId: bigint,
  known: PaymentStatus | undefined,
): Promise<PaymentStatus> {
  let status = known ?? PaymentStatus.PROCESSING;
  while (status === PaymentStatus.PROCESSING && (await calls.waitToAskAgain())) {
    ({ status } = await findPayment(clients, calls, orderId));
  }
  return status;
}

function answerOf(status: PaymentStatus): Answer {
  switch (status) {
    case PaymentStatus.CAPTURED:
      return textAnswer(200, successful);
    case PaymentStatus.DECLINED:
      return textAnswer(400, declined);
    case PaymentStatus.PROCESSING:
      return textAnswer(202, undecided);
    default:
      return textAnswer(404, notThere);
  }
}

/** `creditCardDetails {number, cvt, expiry}`; undefined if it is none. The code came as a number, without its zeros. */
function cardOf(body: JsonValue | undefined): CardInput | undefined {
  const details = objectOf(objectOf(body)?.creditCardDetails);
  const { number, cvt, expiry } = details ?? {};
  const found = typeof expiry === "string" ? /^(\d{1,2})\/(\d{2}|\d{4})$/.exec(expiry) : null;
  if (typeof number !== "string" || found === null || (typeof cvt !== "number" && typeof cvt !== "string")) {
    return undefined;
  }
  const year = Number(found[2]);
  return {
    number,
    code: typeof cvt === "number" ? `${cvt}`.padStart(3, "0") : cvt,
    expiryMonth: Number(found[1]),
    expiryYear: year < 100 ? 2000 + year : year,
  };
}

function objectOf(value: JsonValue | undefined) {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
}
