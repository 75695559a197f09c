import type { Database } from "@ordermesh/postgres/database";
import type { Queryable, Tx } from "@ordermesh/postgres/tx";
import { type Caller, hashRequest, mayTouch } from "./domain/caller.ts";
import { orderHasNoPayment, paymentNotFound, refusal, reusedKey } from "./domain/failures.ts";
import type { Attempt, Payment, PaymentSubject, Refund } from "./domain/payment.ts";
import { collectChanges, newProviderKey } from "./payment-changes.ts";
import type { AskProvider } from "./provider/ask-provider.ts";
import { outcomeOf, type Recorded, recordCapture } from "./record-outcome.ts";
import { findAttempt, insertAttempt } from "./sql/attempts.ts";
import { claimIntent, nameSubject } from "./sql/idempotency-keys.ts";
import {
  findPayment,
  isPastDeadline,
  lockPayment,
  lockPaymentsOfOrders,
  type PaymentName,
} from "./sql/payments.ts";
import { findRefunds } from "./sql/refunds.ts";

/** What paying and giving back need. */
export interface PaymentDesk {
  readonly database: Database;
  readonly askProvider: AskProvider;
  /** How long an answer may be missing before it is asked for. Longer than the provider is waited for. */
  readonly checkAfterMs: number;
  /** Told what each call, webhook or look-up has changed, after the commit. */
  readonly onRecorded: (recorded: Recorded) => void;
}

export interface PayRequest {
  readonly name: PaymentName;
  readonly methodToken: string;
  readonly idempotencyKey: string;
  readonly traceparent: string;
}

export interface PayResult {
  readonly attempt: Attempt;
  readonly payment: Payment;
  readonly refunds: readonly Refund[];
  readonly replayed: boolean;
}

/**
 * Tries to pay an order, or a bill share. The attempt is committed before the provider is asked, and the provider is asked outside of any
 * transaction with the attempt's own key: if this process dies at any point, the attempt is found and the provider is
 * asked what became of it (recovery.ts). So a capture can be late here, but neither lost nor made twice.
 *
 * @throws Failure `not_found`, `failed_precondition` that says why, or `invalid_argument` for a key that was used for
 * something else; nothing has been done then. A provider that does not answer is no failure: the attempt goes on.
 */
export async function pay(desk: PaymentDesk, caller: Caller, request: PayRequest): Promise<PayResult> {
  const { database, askProvider } = desk;
  const begun = await database.transaction((tx) => beginAttempt(tx, desk, caller, request));
  if (!begun.replayed) {
    const { attempt, payment } = begun;
    const state = await askProvider("capture", {
      key: attempt.providerKey,
      reference: referenceOf(payment.subject),
      amountMinor: attempt.amountMinor,
      currencyCode: payment.currencyCode,
      methodToken: request.methodToken,
      userId: payment.userId,
    }).catch(() => undefined);
    const outcome = state && outcomeOf(state);
    if (outcome !== undefined) {
      desk.onRecorded(await database.transaction((tx) => recordCapture(tx, attempt.id, outcome)));
    }
  }
  return await database.read((db) => payResult(db, begun.attempt.id, begun.replayed));
}

/** For the provider's books: "order/17", "bill-share/17". */
function referenceOf({ kind, id }: PaymentSubject): string {
  return `${kind === "order" ? "order" : "bill-share"}/${id}`;
}

interface BegunAttempt {
  readonly attempt: Attempt;
  readonly payment: Payment;
  readonly replayed: boolean;
}

async function beginAttempt(
  tx: Tx,
  { checkAfterMs }: PaymentDesk,
  caller: Caller,
  { name, methodToken, idempotencyKey, traceparent }: PayRequest,
): Promise<BegunAttempt> {
  const requestHash = hashRequest([...nameParts(name), methodToken]);
  const intent = { caller: caller.name, method: "Pay", key: idempotencyKey, requestHash } as const;
  const earlier = await claimIntent(tx, intent);
  if (earlier !== undefined) {
    if (!earlier.requestHash.equals(requestHash)) {
      throw reusedKey();
    }
    const { attempt, payment } = await payResult(tx, earlier.subjectId, true);
    return { attempt, payment, replayed: true };
  }

  const payment =
    "orderId" in name
      ? (await lockPaymentsOfOrders(tx, [name.orderId]))[0]
      : await lockPayment(tx, name.paymentId);
  if (payment === undefined || !mayTouch(caller, payment)) {
    throw "orderId" in name ? orderHasNoPayment(name.orderId) : paymentNotFound(name.paymentId);
  }
  const number = payment.attempts + 1;
  const changes = collectChanges(tx);
  const { decision, payment: moved } = changes.apply(
    payment,
    { kind: "attempt_started", isPastDeadline: await isPastDeadline(tx, payment) },
    { text: `attempt number ${number} begun`, traceparent, patch: { attempts: number, declineCode: "" } },
  );
  if (decision.kind === "refused") {
    throw refusal(payment, decision.reason);
  }
  const attempt = await insertAttempt(tx, {
    paymentId: payment.id,
    number,
    providerKey: newProviderKey("pay"),
    amountMinor: payment.amountMinor,
    traceparent,
    checkAfterMs,
  });
  nameSubject(tx, intent, attempt.id);
  await changes.write();
  return { attempt, payment: moved, replayed: false };
}

/** An order's are as they were before payments could be named by their own ids, so that keys from then still fit. */
function nameParts(name: PaymentName): readonly unknown[] {
  return "orderId" in name ? [name.orderId] : ["payment", name.paymentId];
}

async function payResult(db: Queryable, attemptId: bigint, replayed: boolean): Promise<PayResult> {
  const attempt = await findAttempt(db, attemptId);
  const payment = attempt && (await findPayment(db, { paymentId: attempt.paymentId }));
  if (attempt === undefined || payment === undefined) {
    throw new Error(`Attempt ${attemptId} is not stored.`);
  }
  return { attempt, payment, refunds: await findRefunds(db, payment.id), replayed };
}
