import type { Queryable } from "@ordermesh/postgres/tx";
import type { CheckResult, Finding } from "./finding.ts";

/** A refund of the order service whose money is under way, or back. */
interface OrderRefund {
  readonly id: bigint;
  readonly order_id: bigint;
  /** "PPR" while the money is under way, "PFR" once it is back. */
  readonly state: string;
  readonly amount_minor: bigint;
  readonly currency_code: string;
  /** Why the payment service could not give it back, if it could not. */
  readonly failure_code: string;
  /** Whether it has been in its state for so long that everybody must have heard of it. */
  readonly is_settled: boolean;
}

/** What the payment service has made of one. */
interface PaymentRefund {
  readonly order_refund_id: bigint;
  readonly order_id: bigint;
  readonly status: "pending" | "succeeded" | "failed";
  readonly amount_minor: bigint;
  readonly currency_code: string;
  readonly is_settled: boolean;
}

/** Refunds of nothing are not here: nobody is asked for those. */
export async function findOrderRefunds(loms: Queryable, settleSeconds: number): Promise<OrderRefund[]> {
  return await loms.query<OrderRefund>(
    `select s.id, s.order_id, s.state, s.amount_minor, coalesce(o.currency_code, '') as currency_code, s.failure_code,
       s.changed_at < now() - $1::int * interval '1 second' as is_settled
     from refund_sheets s join orders o on o.id = s.order_id
     where s.state in ('PPR', 'PFR') and s.amount_minor > 0`,
    [settleSeconds],
  );
}

/**
 * I7: the refunds of the order service are those of the payment service: the same amounts, finished if the money is back,
 * and refused or under way if not. One that failed, or whose order was paid without the payment service, may be finished
 * by other means.
 *
 * @param refunds read before the payments: what they say has been told since.
 */
export async function checkOrderRefunds(
  refunds: readonly OrderRefund[],
  payments: Queryable,
  settleSeconds: number,
): Promise<CheckResult> {
  const made = await payments.query<PaymentRefund>(
    `select r.order_refund_id, p.order_id, r.status::text, r.amount_minor, p.currency_code,
       r.created_at < now() - $1::int * interval '1 second' as is_settled
     from refunds r join payments p on p.id = r.payment_id
     where r.order_refund_id is not null order by r.id`,
    [settleSeconds],
  );
  const refused = await payments.query<{ order_refund_id: bigint }>(
    "select order_refund_id from refused_order_refunds",
  );
  // The last one speaks: a refund that failed may have been tried again.
  const madeOf = new Map(made.map((refund) => [refund.order_refund_id, refund]));
  const refusedIds = new Set(refused.map((row) => row.order_refund_id));
  const known = new Set(refunds.map(({ id }) => id));

  const findings: Finding[] = [];
  for (const refund of refunds) {
    const problem = problemOf(refund, madeOf.get(refund.id), refusedIds.has(refund.id));
    if (problem !== undefined) {
      const text = `refund ${refund.id} of order ${refund.order_id} (${refund.state}): ${problem}`;
      findings.push({ invariant: "I7", text });
    }
  }
  for (const { order_refund_id, order_id, status, is_settled } of made) {
    if (is_settled && status !== "failed" && !known.has(order_refund_id)) {
      const text = `refund ${order_refund_id} of order ${order_id}: payments has it (${status}), the order has not`;
      findings.push({ invariant: "I7", text });
    }
  }
  return {
    invariant: "I7",
    claim: "the refunds of orders are those of payments: same amounts, and finished if the money is back",
    examined: refunds.length + made.length,
    findings,
  };
}

function problemOf(
  refund: OrderRefund,
  made: PaymentRefund | undefined,
  isRefused: boolean,
): string | undefined {
  const { amount_minor, currency_code, order_id, failure_code, is_settled } = refund;
  if (made !== undefined && (made.amount_minor !== amount_minor || made.currency_code !== currency_code)) {
    return `it is of ${amount_minor} ${currency_code}, but payments has ${made.amount_minor} ${made.currency_code}`;
  }
  if (made !== undefined && made.order_id !== order_id) {
    return `payments has it for order ${made.order_id}`;
  }
  const hasFailed = made === undefined ? isRefused : made.status === "failed";
  if (!is_settled) {
    return undefined;
  }
  if (refund.state === "PFR") {
    return made?.status === "succeeded" || hasFailed
      ? undefined
      : "it is finished, but payments has given nothing back";
  }
  if (made?.status === "succeeded") {
    return "payments has given the money back, but it is not finished";
  }
  if (made === undefined && !isRefused) {
    return "payments has never heard of it";
  }
  return hasFailed && failure_code === "" ? "payments has refused it, but it does not say so" : undefined;
}
