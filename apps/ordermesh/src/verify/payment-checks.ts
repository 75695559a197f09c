import type { Queryable } from "@ordermesh/postgres/tx";
import type { CheckResult, Finding } from "./finding.ts";
import type { SqlCheck } from "./sql-check.ts";

/** How long money may be under way before it counts as lost: what heals by itself does so within this. */
export const settleSecondsDefault = 60;

/** What a payment p is for, in words. */
const subject = "coalesce('order ' || p.order_id, 'bill share ' || p.bill_share_id)";

/** What the payment service's tables must agree on, among themselves and with the sandbox provider's ledger. */
const moneyChecks: readonly SqlCheck[] = [
  {
    invariant: "I7",
    claim: "captured and refunded are the sums of a payment's captures and refunds, and refunded ≤ captured",
    examined: "payments",
    violations: `
        with captures as (
          select payment_id, sum(amount_minor) as captured from payment_attempts
          where status = 'captured' group by payment_id
        ), given_back as (
          select payment_id, coalesce(sum(amount_minor) filter (where status = 'succeeded'), 0) as refunded,
            coalesce(sum(amount_minor) filter (where status <> 'failed'), 0) as requested
          from refunds group by payment_id
        )
        select format('payment %s of %s (%s): captured %s of %s, refunds requested %s of %s, made %s of %s', p.id,
          ${subject}, p.status, p.captured_minor, coalesce(c.captured, 0), p.refund_requested_minor,
          coalesce(g.requested, 0), p.refunded_minor, coalesce(g.refunded, 0)) as text
        from payments p left join captures c on c.payment_id = p.id left join given_back g on g.payment_id = p.id
        where (p.captured_minor, p.refund_requested_minor, p.refunded_minor)
            <> (coalesce(c.captured, 0), coalesce(g.requested, 0), coalesce(g.refunded, 0))
          or not (0 <= p.refunded_minor and p.refunded_minor <= p.refund_requested_minor
            and p.refund_requested_minor <= p.captured_minor)`,
  },
  {
    invariant: "I7",
    claim: "a payment's status is what its money says",
    examined: "payments",
    violations: `
        select format('payment %s of %s is %s: total %s, captured %s, refunded %s', id, ${subject}, status,
          amount_minor, captured_minor, refunded_minor) as text
        from payments p
        where not case status
          when 'captured' then captured_minor - refunded_minor >= amount_minor
          when 'partially_refunded' then captured_minor - refunded_minor between 1 and amount_minor - 1
          when 'refunded' then captured_minor > 0 and captured_minor = refunded_minor
          else captured_minor = 0 end`,
  },
  {
    invariant: "I7",
    claim: "the provider's ledger has the captures that the payments have, and no others",
    examined: "sandbox_captures",
    violations: `
        select format('capture %s (%s): the provider has %s of %s, the payment has %s of %s',
          coalesce(c.key, a.provider_key), coalesce(c.reference, 'payment ' || a.payment_id), coalesce(c.state::text, 'none'),
          coalesce(c.amount_minor, 0), coalesce(a.status::text, 'none'), coalesce(a.amount_minor, 0)) as text
        from payment_attempts a full join sandbox_captures c on c.key = a.provider_key
        where a.status is distinct from 'processing'
          and ((c.state is not distinct from 'captured') <> (a.status is not distinct from 'captured')
            or (c.state = 'captured' and c.amount_minor <> a.amount_minor))`,
  },
  {
    invariant: "I7",
    claim: "the provider's ledger has the refunds that the payments have, and no others",
    examined: "sandbox_refunds",
    violations: `
        select format('refund %s of payment %s: the provider gave %s, the payment has %s of %s', coalesce(s.key,
          r.provider_key), r.payment_id, coalesce(s.amount_minor, 0), coalesce(r.status::text, 'none'),
          coalesce(r.amount_minor, 0)) as text
        from refunds r full join sandbox_refunds s on s.key = r.provider_key
        where r.status is distinct from 'pending'
          and ((s.key is not null) <> (r.status is not distinct from 'succeeded') or s.amount_minor <> r.amount_minor)`,
  },
];

/**
 * All that is checked in the payment service's database. What is under way is left alone, until it has been for too
 * long.
 *
 * @param settleSeconds how long that is.
 */
export function paymentChecks(settleSeconds: number): readonly SqlCheck[] {
  const tooLongAgo = `now() - interval '${settleSeconds} seconds'`;
  return [
    ...moneyChecks,
    {
      invariant: "I12",
      claim: `nothing that the provider has decided is open for more than ${settleSeconds} s`,
      examined: "payment_attempts",
      violations: `
        select format('attempt %s of payment %s is open since %s', a.id, a.payment_id, a.started_at) as text
        from payment_attempts a left join sandbox_captures c on c.key = a.provider_key
        where a.status = 'processing' and a.started_at < ${tooLongAgo} and c.state is distinct from 'pending'
        union all
        select format('refund %s of payment %s is open since %s', id, payment_id, created_at)
        from refunds where status = 'pending' and created_at < ${tooLongAgo}`,
    },
    {
      invariant: "I12",
      claim: `money for an order or bill share that ended unpaid, or was paid otherwise, is back within ${settleSeconds} s`,
      examined: "payments",
      violations: `
        select format('payment %s of %s (%s): captured %s, refunded %s', p.id, ${subject}, p.order_state,
          p.captured_minor, p.refunded_minor) as text
        from payments p
        where p.order_state not in ('awaiting_payment', 'paid') and p.captured_minor > p.refunded_minor
          and (select max(changed_at) from payment_history h where h.payment_id = p.id) < ${tooLongAgo}`,
    },
  ];
}

interface PaidOrder {
  readonly id: bigint;
  readonly user_id: bigint;
  readonly status: string;
  readonly currency_code: string;
  readonly total_minor: bigint;
  /** Whether it was paid, and did not end in a way by which all of its money goes back by itself. */
  readonly was_sold: boolean;
  /** Whether its last change was long enough ago that everybody must have heard of it. */
  readonly is_settled: boolean;
}

interface PaymentRow {
  readonly order_id: bigint;
  readonly user_id: bigint;
  readonly status: string;
  readonly order_state: string;
  readonly currency_code: string;
  readonly amount_minor: bigint;
  /** Captured, without what went back by itself. What people gave back on purpose counts as kept. */
  readonly kept_minor: bigint;
}

/** Orders that have a total, from the order service's database. */
export async function findOrdersWithTotal(loms: Queryable, settleSeconds: number): Promise<PaidOrder[]> {
  return await loms.query<PaidOrder>(
    `select o.id, o.user_id, o.status, o.currency_code, o.total_minor,
       case o.status
         when 'awaiting_payment' then false
         when 'failed' then false
         when 'canceled' then o.cancel_reason in ('refunded', 'expired')
         else true end as was_sold,
       h.changed_at < now() - $1::int * interval '1 second' as is_settled
     from orders o join order_history h on h.order_id = o.id and h.version = o.version
     where o.total_minor is not null`,
    [settleSeconds],
  );
}

/**
 * I6, I7: an order is paid if and only if its total was captured and kept, unless it was marked as paid without the
 * payment service.
 *
 * @param orders read before the payments: what they say has been told since.
 */
export async function checkPaymentsOfOrders(
  orders: readonly PaidOrder[],
  payments: Queryable,
): Promise<CheckResult> {
  const rows = await payments.query<PaymentRow>(
    `select p.order_id, p.user_id, p.status, p.order_state, p.currency_code, p.amount_minor,
       p.captured_minor - coalesce((
         select sum(r.amount_minor) from refunds r where r.payment_id = p.id and r.status = 'succeeded'
           and r.reason not in ('requested', 'made_at_provider', 'order_refund')
       ), 0)::bigint as kept_minor
     from payments p where p.order_id is not null`,
  );
  const paymentOf = new Map(rows.map((row) => [row.order_id, row]));
  const findings: Finding[] = [];
  let examined = 0;
  for (const order of orders) {
    const payment = paymentOf.get(order.id);
    if (payment !== undefined) {
      examined += 1;
      const problem = problemOf(order, payment);
      if (problem !== undefined) {
        findings.push({ invariant: "I7", text: `order ${order.id} (${order.status}): ${problem}` });
      }
    }
  }
  return {
    invariant: "I7",
    claim: "an order is paid if its total was captured and kept, and only then, unless it was paid otherwise",
    examined,
    findings,
  };
}

function problemOf(order: PaidOrder, payment: PaymentRow): string | undefined {
  const { amount_minor, currency_code, user_id, kept_minor, status, order_state } = payment;
  if (
    amount_minor !== order.total_minor ||
    currency_code !== order.currency_code ||
    user_id !== order.user_id
  ) {
    return `its total is ${order.total_minor} ${order.currency_code} of user ${order.user_id}, but its payment is of ${amount_minor} ${currency_code} of user ${user_id}`;
  }
  if (!order.is_settled) {
    return undefined;
  }
  const isPaidByUs = order.was_sold && order_state !== "paid_otherwise";
  const wanted = isPaidByUs ? order.total_minor : 0n;
  // A capture that the order has not heard of yet shows as kept.
  return kept_minor === wanted
    ? undefined
    : `its payment (${status}) keeps ${kept_minor} instead of ${wanted}`;
}
