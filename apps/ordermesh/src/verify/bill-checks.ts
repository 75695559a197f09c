import type { Queryable } from "@ordermesh/postgres/tx";
import type { CheckResult, Finding } from "./finding.ts";
import type { SqlCheck } from "./sql-check.ts";

/** What must hold of bills whatever is under way. */
const plainChecks: readonly SqlCheck[] = [
  {
    invariant: "I16",
    claim: "a bill is as much as its orders, and its shares add up to it",
    examined: "bills",
    violations: `
      select format('bill %s of session %s: it is %s, its orders are %s, its shares %s', b.id, b.session_id,
        b.total_minor, coalesce(o.total, 0), coalesce(s.total, 0)) as text
      from bills b
      left join (
        select bo.bill_id, sum(so.total_minor) as total
        from bill_orders bo join session_orders so on so.order_id = bo.order_id and so.total_minor = bo.total_minor
        group by bo.bill_id
      ) as o on o.bill_id = b.id
      left join (select bill_id, sum(amount_minor) as total from bill_shares group by bill_id) as s on s.bill_id = b.id
      where (b.total_minor, b.total_minor) <> (coalesce(o.total, 0), coalesce(s.total, 0))`,
  },
  {
    invariant: "I16",
    claim: "a bill is settled once all of its shares are paid, and void only while none is",
    examined: "bill_shares",
    violations: `
      select format('bill %s of session %s is %s: %s of its %s shares are paid, %s being paid', b.id, b.session_id,
        b.state, count(s.id) filter (where s.state = 'paid'), count(s.id),
        count(s.id) filter (where s.state = 'processing')) as text
      from bills b left join bill_shares s on s.bill_id = b.id group by b.id
      having case b.state
        when 'settled' then count(s.id) filter (where s.state <> 'paid') > 0
        when 'open' then count(s.id) filter (where s.state <> 'paid') = 0
        else count(s.id) filter (where s.state <> 'unpaid') > 0 end
      union all
      select format('bill %s of session %s is open, but the session is closed', b.id, b.session_id)
      from bills b join sessions t on t.id = b.session_id where b.state = 'open' and t.state = 'closed'`,
  },
  {
    invariant: "I16",
    claim: "an order is on one bill at most that was not taken back, and names it",
    examined: "bill_orders",
    violations: `
      select format('order %s names bill %s, and is on %s', o.order_id, coalesce(o.bill_id::text, 'none'),
        coalesce(string_agg(b.id::text, ', ' order by b.id), 'none')) as text
      from session_orders o
      left join bill_orders bo on bo.order_id = o.order_id
      left join bills b on b.id = bo.bill_id and b.state <> 'void' and b.session_id = o.session_id
      where o.order_id is not null group by o.id
      having count(b.id) > 1 or max(b.id) is distinct from o.bill_id`,
  },
  {
    invariant: "I16",
    claim: "what a session counts as paid was paid by card or in cash",
    examined: "sessions",
    violations: `
      select format('session %s counts %s as paid, but %s was', t.id, t.paid_minor, coalesce(s.paid, 0)) as text
      from sessions t left join (
        select b.session_id, sum(s.amount_minor) as paid from bill_shares s join bills b on b.id = s.bill_id
        where s.settled_by in ('card', 'cash') group by b.session_id
      ) as s on s.session_id = t.id
      where t.paid_minor <> coalesce(s.paid, 0)`,
  },
];

/**
 * I16: bills in the database of tables alone.
 *
 * @param settleSeconds how long something may be under way before it counts as stuck.
 */
export function billChecks(settleSeconds: number): readonly SqlCheck[] {
  const tooLongAgo = `now() - interval '${settleSeconds} seconds'`;
  return [
    ...plainChecks,
    {
      invariant: "I16",
      claim: `for a bill that has ended nothing is left to be told elsewhere after ${settleSeconds} s`,
      examined: "bills",
      violations: `
        select format('order %s of bill %s is still to be paid at the order service', o.order_id, b.id) as text
        from bill_orders o join bills b on b.id = o.bill_id where o.pay_at is not null and b.ended_at < ${tooLongAgo}
        union all
        select format('the payment of share %s of bill %s is still to be ended', s.id, b.id)
        from bill_shares s join bills b on b.id = s.bill_id
        where s.cancel_at is not null and coalesce(s.paid_at, b.ended_at) < ${tooLongAgo}`,
    },
  ];
}

/** An order at a table that the order service says is paid. */
export interface PaidAtTable {
  readonly id: bigint;
  /** Who said so. */
  readonly actor: string;
  readonly is_settled: boolean;
}

export async function findPaidAtTables(loms: Queryable, settleSeconds: number): Promise<PaidAtTable[]> {
  return await loms.query<PaidAtTable>(
    `select o.id, coalesce(h.actor, '') as actor, h.changed_at < now() - $1::int * interval '1 second' as is_settled
     from table_references r join orders o on o.id = r.order_id
     join order_history h on h.order_id = o.id and h.version = o.version
     where o.status = 'paid'`,
    [settleSeconds],
  );
}

/** Orders are paid by bills, in the name of this service; an operator may have said so past it. */
const billsActor = "service:tables";

/**
 * I16: the orders of a settled bill are paid, and the orders that bills have paid are on a settled one.
 *
 * @param paid read before the bills.
 */
export async function checkOrdersOfBills(
  paid: readonly PaidAtTable[],
  tables: Queryable,
  settleSeconds: number,
): Promise<CheckResult> {
  const rows = await tables.query<{ order_id: bigint; bill_id: bigint; state: string; is_settled: boolean }>(
    `select o.order_id, b.id as bill_id, b.state::text,
       coalesce(b.ended_at < now() - $1::int * interval '1 second', false) as is_settled
     from bill_orders o join bills b on b.id = o.bill_id where o.is_live`,
    [settleSeconds],
  );
  const isPaid = new Set(paid.map(({ id }) => id));
  const settled = new Set(rows.filter(({ state }) => state === "settled").map(({ order_id }) => order_id));
  const unpaid = rows
    .filter((row) => row.state === "settled" && row.is_settled && !isPaid.has(row.order_id))
    .map(({ order_id, bill_id }) => `order ${order_id} of settled bill ${bill_id} is not paid`);
  const unbilled = paid
    .filter(({ id, actor, is_settled }) => is_settled && actor === billsActor && !settled.has(id))
    .map(({ id }) => `order ${id} is paid, but no settled bill has it`);
  return {
    invariant: "I16",
    claim: "the orders of settled bills are paid, and no others, except by an operator",
    examined: rows.length + paid.length,
    findings: [...unpaid, ...unbilled].map((text): Finding => ({ invariant: "I16", text })),
  };
}

/** A share of a bill, as far as money goes. */
export interface ShareOfBill {
  readonly id: bigint;
  readonly bill_state: string;
  readonly state: string;
  readonly settled_by: string | null;
  readonly amount_minor: bigint;
  readonly currency_code: string;
  readonly is_settled: boolean;
}

/** Shares that somebody has ever tried to pay by card, or that say to be paid so. */
export async function findSharesWithCards(tables: Queryable, settleSeconds: number): Promise<ShareOfBill[]> {
  return await tables.query<ShareOfBill>(
    `select s.id, b.state::text as bill_state, s.state::text, s.settled_by::text, s.amount_minor, t.currency_code,
       coalesce(s.paid_at, b.ended_at, tr.started_at) < now() - $1::int * interval '1 second' as is_settled
     from bill_shares s join bills b on b.id = s.bill_id join sessions t on t.id = b.session_id
     left join share_tries tr on tr.id = s.try_id
     where s.try_id is not null or s.settled_by = 'card'`,
    [settleSeconds],
  );
}

interface PaymentOfShare {
  readonly bill_share_id: bigint;
  readonly status: string;
  readonly currency_code: string;
  readonly amount_minor: bigint;
  /** Captured, without what went back by itself. What people gave back on purpose counts as kept. */
  readonly kept_minor: bigint;
  readonly is_settled: boolean;
}

/**
 * I16: a share that was paid by card has its captured payment, and no money is kept for any other.
 *
 * @param shares read before the payments.
 */
export async function checkPaymentsOfShares(
  shares: readonly ShareOfBill[],
  payments: Queryable,
  settleSeconds: number,
): Promise<CheckResult> {
  const rows = await payments.query<PaymentOfShare>(
    `select p.bill_share_id, p.status::text, p.currency_code, p.amount_minor,
       p.captured_minor - coalesce((
         select sum(r.amount_minor) from refunds r where r.payment_id = p.id and r.status = 'succeeded'
           and r.reason not in ('requested', 'made_at_provider')
       ), 0)::bigint as kept_minor,
       h.changed_at < now() - $1::int * interval '1 second' as is_settled
     from payments p join payment_history h on h.payment_id = p.id and h.version = p.version
     where p.bill_share_id is not null`,
    [settleSeconds],
  );
  const paymentOf = new Map(rows.map((row) => [row.bill_share_id, row]));
  const findings: Finding[] = [];
  for (const share of shares) {
    const problem = problemOf(share, paymentOf.get(share.id));
    if (problem !== undefined) {
      findings.push({ invariant: "I16", text: `share ${share.id} (${stateOf(share)}): ${problem}` });
    }
  }
  const known = new Set(shares.map(({ id }) => id));
  for (const { bill_share_id, kept_minor, is_settled } of rows) {
    if (is_settled && kept_minor !== 0n && !known.has(bill_share_id)) {
      const text = `share ${bill_share_id}: ${kept_minor} is kept for it, but no bill has it`;
      findings.push({ invariant: "I16", text });
    }
  }
  return {
    invariant: "I16",
    claim: "a share that was paid by card has its captured payment, and no money is kept for another",
    examined: shares.length + rows.length,
    findings,
  };
}

function stateOf({ bill_state, state, settled_by }: ShareOfBill): string {
  return settled_by === null ? `${state}, bill ${bill_state}` : `${state} by ${settled_by}`;
}

function problemOf(share: ShareOfBill, payment: PaymentOfShare | undefined): string | undefined {
  const { amount_minor, currency_code, settled_by, state, is_settled } = share;
  const isByCard = settled_by === "card";
  if (payment === undefined) {
    return isByCard ? "it has no payment" : undefined;
  }
  if (payment.amount_minor !== amount_minor || payment.currency_code !== currency_code) {
    return `it is of ${amount_minor} ${currency_code}, but its payment of ${payment.amount_minor} ${payment.currency_code}`;
  }
  // Being paid, one of the two hears of it first.
  if (state === "processing" || !is_settled || !payment.is_settled) {
    return undefined;
  }
  const wanted = isByCard ? amount_minor : 0n;
  return payment.kept_minor === wanted
    ? undefined
    : `its payment (${payment.status}) keeps ${payment.kept_minor} instead of ${wanted}`;
}
