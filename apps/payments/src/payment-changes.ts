import { randomUUID } from "node:crypto";
import { appendEvents, type OutboxEvent } from "@ordermesh/outbox/outbox";
import type { Tx } from "@ordermesh/postgres/tx";
import type { Payment, Refund, RefundReason } from "./domain/payment.ts";
import { type Announcement, type Decision, decide, type PaymentEvent } from "./domain/payment-status.ts";
import { type News, paymentEvent } from "./events/outgoing.ts";
import { addRefundRequested, findCapturedAttempts } from "./sql/attempts.ts";
import { type PaymentChange, updatePayments } from "./sql/payments.ts";
import { insertRefund } from "./sql/refunds.ts";

/** What a transaction has done to the payments that it holds, until `write` writes it. */
export interface PaymentChanges {
  /**
   * Applies an event to a payment whose row this transaction has locked.
   *
   * @returns the payment as it is now, and what was decided. A refusal is the caller's to throw.
   */
  apply(payment: Payment, event: PaymentEvent, details: ChangeDetails): Applied;
  /** Tells of a payment that was made just now. */
  announce(payment: Payment, announcement: Announcement, traceparent: string): void;
  /** Tells of something that has changed no payment. */
  tell(event: OutboxEvent): void;
  /** Writes payments, history and events, and begins the refunds that are due. @returns how many refunds those are. */
  write(): Promise<number>;
}

export interface ChangeDetails {
  /** For the history, in words. */
  readonly text: string;
  readonly traceparent: string;
  /** What changes besides the state. */
  readonly patch?: Partial<Pick<Payment, "orderVersion" | "attempts" | "declineCode">>;
  /** Of a refund that was settled. */
  readonly refund?: Refund;
}

export interface Applied {
  readonly payment: Payment;
  readonly decision: Decision;
}

interface RefundDue {
  readonly paymentId: bigint;
  readonly amountMinor: bigint;
  readonly reason: RefundReason;
  readonly traceparent: string;
}

/** Collects changes of payments within one transaction. */
export function collectChanges(tx: Tx): PaymentChanges {
  const changes: PaymentChange[] = [];
  const events: OutboxEvent[] = [];
  const due: RefundDue[] = [];

  function move(payment: Payment, decision: Decision & { kind: "move" }, details: ChangeDetails): Payment {
    const moved: Payment = {
      ...payment,
      ...decision.to,
      ...details.patch,
      version: payment.version + 1,
    };
    const { traceparent, text } = details;
    const { announces, refundDue } = decision;
    changes.push({
      payment: moved,
      event: refundDue === undefined ? text : `${text}; money goes back: ${refundDue.reason}`,
    });
    if (announces !== undefined) {
      events.push(paymentEvent(moved, newsOf(announces, details.refund), traceparent));
    }
    if (refundDue !== undefined) {
      due.push({ paymentId: payment.id, traceparent, ...refundDue });
    }
    return moved;
  }

  return {
    apply(payment, event, details) {
      const decision = decide(payment, event);
      return decision.kind === "move"
        ? { payment: move(payment, decision, details), decision }
        : { payment, decision };
    },
    announce(payment, announcement, traceparent) {
      events.push(paymentEvent(payment, newsOf(announcement, undefined), traceparent));
    },
    tell(event) {
      events.push(event);
    },
    async write() {
      updatePayments(tx, changes);
      appendEvents(tx, events);
      for (const refund of due) {
        await beginDueRefund(tx, refund);
      }
      return due.length;
    },
  };
}

function newsOf(announcement: Announcement, refund: Refund | undefined): News {
  if (announcement !== "refunded" && announcement !== "refund_failed") {
    return { kind: announcement };
  }
  if (refund === undefined) {
    throw new Error("A refund is to be announced that nobody has asked for.");
  }
  return { kind: announcement, refund };
}

/** Gives back from the newest capture first: a second one is what a duplicate is refunded from. */
async function beginDueRefund(
  tx: Tx,
  { paymentId, amountMinor, reason, traceparent }: RefundDue,
): Promise<void> {
  let left = amountMinor;
  for (const attempt of (await findCapturedAttempts(tx, paymentId)).reverse()) {
    const available = attempt.amountMinor - attempt.refundRequestedMinor;
    const part = smallerOf(available, left);
    if (part > 0n) {
      left -= part;
      addRefundRequested(tx, attempt.id, part);
      await insertRefund(tx, {
        paymentId,
        attemptId: attempt.id,
        providerKey: newProviderKey("refund"),
        amountMinor: part,
        reason,
        note: "",
        traceparent,
        checkAfterMs: 0,
        orderRefundId: undefined,
      });
    }
  }
  if (left > 0n) {
    throw new Error(`Payment ${paymentId} owes ${left} more than its captures hold.`);
  }
}

/** Math.min is for numbers only. */
function smallerOf(one: bigint, other: bigint): bigint {
  if (one < other) {
    return one;
  }
  return other;
}

/** Random, so that no other installation that uses the same provider has ever used it. */
export function newProviderKey(kind: "pay" | "refund"): string {
  return `${kind}_${randomUUID().replaceAll("-", "")}`;
}
