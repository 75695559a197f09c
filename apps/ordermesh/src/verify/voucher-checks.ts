import type { SqlCheck } from "./sql-check.ts";

/** Where the codes of each service order stand: how many in each state, and the order and its refund with them. */
const codesOfOrders = `
      with codes as (
        select order_id, count(*) as codes, min(number) as first_number, max(number) as last_number,
          count(*) filter (where state = 'unused') as unused,
          count(*) filter (where state = 'used') as used,
          count(*) filter (where state = 'refund_pending') as refund_pending,
          count(*) filter (where state = 'refunded') as refunded,
          count(*) filter (where state = 'expired') as expired
        from voucher_codes group by order_id
      ), vouchers as (
        select o.id, o.status::text as status, o.total_minor, t.service_times, t.unit_price_minor, t.valid_until,
          coalesce(c.codes, 0) as codes, c.first_number, c.last_number, coalesce(c.unused, 0) as unused,
          coalesce(c.used, 0) as used, coalesce(c.refund_pending, 0) as refund_pending,
          coalesce(c.refunded, 0) as refunded, coalesce(c.expired, 0) as expired,
          s.id as refund_id, s.kind as refund_kind, s.amount_minor as refund_minor,
          exists (select from order_history h where h.order_id = o.id and h.status = 'paid') as was_paid
        from voucher_terms t
        left join orders o on o.id = t.order_id
        left join codes c on c.order_id = t.order_id
        left join refund_sheets s on s.order_id = t.order_id
      )`;

/** What the order service's tables must agree on about vouchers. */
export const voucherChecks: readonly SqlCheck[] = [
  {
    invariant: "I14",
    claim: "a service order has the codes that it was promised from its payment on, and none before",
    examined: "voucher_terms",
    violations: `${codesOfOrders}
      select format('order %s (%s): %s codes, promised %s', id, coalesce(status, 'none'), codes, service_times) as text
      from vouchers
      where id is null or codes <> (case when was_paid then service_times else 0 end)
        or (codes > 0 and (first_number <> 1 or last_number <> codes))
      union all
      select format('order %s: it is a service order without terms', o.id)
      from orders o left join voucher_terms t on t.order_id = o.id
      where o.workflow = 'service' and t.order_id is null`,
  },
  {
    invariant: "I14",
    claim: "codes stand where their order and its refund do: none can be used once money goes back",
    examined: "voucher_codes",
    violations: `${codesOfOrders}
      select format('order %s (%s, refund %s): %s unused, %s used, %s with a refund pending, %s refunded, %s expired', id,
        status, coalesce(refund_kind, 'none'), unused, used, refund_pending, refunded, expired) as text
      from vouchers
      where was_paid and not case
        when status = 'paid' and refund_kind is null then unused > 0 and unused + used = codes
        when status = 'paid' and refund_kind = 'anytime' then refund_pending + used = codes
        when status = 'paid' then expired + used = codes
        when status = 'completed' then used > 0 and used + refunded + expired = codes
          or (refund_kind is null and expired = codes)
        when status = 'canceled' then used = 0 and refunded + expired = codes
        else false end`,
  },
  {
    invariant: "I14",
    claim: "what is given back for a voucher is its price − the price of one use × uses",
    examined: "voucher_terms",
    violations: `${codesOfOrders}
      select format('refund %s of order %s: %s, but %s of %s were used at %s each of %s', refund_id, id, refund_minor, used,
        codes, unit_price_minor, total_minor) as text
      from vouchers
      where refund_id is not null and refund_minor <> greatest(0, total_minor - unit_price_minor * used)`,
  },
  {
    invariant: "I8",
    claim: "no code can be used five seconds past its time",
    examined: "voucher_codes",
    violations: `${codesOfOrders}
      select format('order %s: %s codes are unused, valid until %s', id, unused, valid_until) as text
      from vouchers
      where status = 'paid' and unused > 0 and valid_until < now() - interval '5 seconds'`,
  },
];
