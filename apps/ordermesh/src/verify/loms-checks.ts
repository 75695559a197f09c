import type { SqlCheck } from "./sql-check.ts";

/** What the order service's tables must agree on. Each recomputes a stored value from the rows that led to it. */
export const lomsChecks: readonly SqlCheck[] = [
  {
    invariant: "I1",
    claim: "0 ≤ reserved ≤ on_hand for every SKU and warehouse",
    examined: "stock_levels",
    violations: `
      select format('SKU %s in warehouse %s: on hand %s, reserved %s', sku, warehouse_id, on_hand, reserved) as text
      from stock_levels where not (reserved between 0 and on_hand)`,
  },
  {
    invariant: "I2",
    claim: "on_hand = received − committed + returned",
    examined: "stock_levels",
    violations: `
      with received as (
        select sku, warehouse_id, sum(quantity) as units from stock_receipts group by sku, warehouse_id
      ), committed as (
        select sku, warehouse_id, sum(quantity) as units from reservation_ledger
        where entry = 'committed' group by sku, warehouse_id
      ), returned as (
        select sku, warehouse_id, sum(quantity) as units from stock_returns group by sku, warehouse_id
      )
      select format('SKU %s in warehouse %s: on hand %s, but received %s, committed %s and returned %s', sku, warehouse_id,
        coalesce(l.on_hand, 0), coalesce(r.units, 0), coalesce(c.units, 0), coalesce(b.units, 0)) as text
      from stock_levels l
      full join received r using (sku, warehouse_id)
      full join committed c using (sku, warehouse_id)
      full join returned b using (sku, warehouse_id)
      where coalesce(l.on_hand, 0) <> coalesce(r.units, 0) - coalesce(c.units, 0) + coalesce(b.units, 0)`,
  },
  {
    invariant: "I3",
    claim: "reserved = held − resolved",
    examined: "stock_levels",
    violations: `
      with open_holds as (
        select sku, warehouse_id, sum(case when resolves then -quantity else quantity end) as units
        from reservation_ledger group by sku, warehouse_id
      )
      select format('SKU %s in warehouse %s: reserved %s, but the ledger has %s open', sku, warehouse_id,
        coalesce(l.reserved, 0), coalesce(h.units, 0)) as text
      from stock_levels l full join open_holds h using (sku, warehouse_id)
      where coalesce(l.reserved, 0) <> coalesce(h.units, 0)`,
  },
  {
    invariant: "I4",
    claim: "each hold is resolved at most once, wholly, and only if it was made",
    examined: "reservation_ledger",
    violations: `
      select format('holder %s, SKU %s, warehouse %s: %s %s units, but held %s', r.holder_id, r.sku, r.warehouse_id,
        r.entry, r.quantity, coalesce(h.quantity, 0)) as text
      from reservation_ledger r
      left join reservation_ledger h
        on h.holder_id = r.holder_id and h.sku = r.sku and h.warehouse_id = r.warehouse_id and not h.resolves
      where r.resolves and r.quantity is distinct from h.quantity`,
  },
  {
    invariant: "I5",
    claim: "units are conserved: received + returned = on hand + committed, over all",
    examined: "stock_receipts",
    violations: `
      select format('received %s, returned %s, on hand %s, committed %s', received, returned, on_hand, committed) as text
      from (
        select (select coalesce(sum(quantity), 0) from stock_receipts) as received,
          (select coalesce(sum(quantity), 0) from stock_returns) as returned,
          (select coalesce(sum(on_hand), 0) from stock_levels) as on_hand,
          (select coalesce(sum(quantity), 0) from reservation_ledger where entry = 'committed') as committed
      ) as totals
      where received + returned <> on_hand + committed`,
  },
  {
    invariant: "I6",
    claim: "an order's holds are what its status says: open, committed, or none",
    examined: "orders",
    violations: `
      with wanted as (
        select o.id, o.status, o.cancel_reason, l.sku, l.quantity, o.workflow = 'table' as takes_no_stock,
          o.status not in ('awaiting_payment', 'failed') and exists (
            select from order_history h where h.order_id = o.id and h.status in ('paid', 'confirmed')
          ) as was_sold
        from orders o join order_lines l on l.order_id = o.id
      ), held as (
        select h.holder_id, h.sku, sum(h.quantity) as held,
          coalesce(sum(r.quantity) filter (where r.entry = 'committed'), 0) as committed,
          coalesce(sum(r.quantity) filter (where r.entry = 'released'), 0) as released,
          coalesce(sum(r.quantity) filter (where r.entry = 'expired'), 0) as expired
        from reservation_ledger h
        left join reservation_ledger r
          on r.holder_id = h.holder_id and r.sku = h.sku and r.warehouse_id = h.warehouse_id and r.resolves
        where not h.resolves group by h.holder_id, h.sku
      )
      select format('order %s (%s), SKU %s: ordered %s, held %s, committed %s, released %s, expired %s', w.id, w.status,
        w.sku, w.quantity, coalesce(h.held, 0), coalesce(h.committed, 0), coalesce(h.released, 0),
        coalesce(h.expired, 0)) as text
      from wanted w left join held h on h.holder_id = w.id and h.sku = w.sku
      where (coalesce(h.held, 0), coalesce(h.committed, 0), coalesce(h.released, 0), coalesce(h.expired, 0)) <> case
        when w.takes_no_stock then (0::bigint, 0::bigint, 0::bigint, 0::bigint)
        when w.status = 'awaiting_payment' then (w.quantity::bigint, 0::bigint, 0::bigint, 0::bigint)
        when w.was_sold then (w.quantity::bigint, w.quantity::bigint, 0::bigint, 0::bigint)
        when w.cancel_reason in ('requested', 'declined') then (w.quantity::bigint, 0::bigint, w.quantity::bigint, 0::bigint)
        when w.cancel_reason = 'payment_deadline' then (w.quantity::bigint, 0::bigint, 0::bigint, w.quantity::bigint)
        else (0::bigint, 0::bigint, 0::bigint, 0::bigint)
      end`,
  },
  {
    invariant: "I6",
    claim:
      "what came back to stock had been sold to its order, wholly, and a refund or the order's end says why",
    examined: "stock_returns",
    violations: `
      select format('order %s, SKU %s, warehouse %s: %s units came back (%s), %s were sold; the order is %s, its refund %s',
        r.order_id, r.sku, r.warehouse_id, r.quantity, r.reason, coalesce(l.quantity, 0), o.status,
        coalesce(s.state, 'none')) as text
      from stock_returns r
      left join orders o on o.id = r.order_id
      left join reservation_ledger l on l.holder_id = r.order_id and l.sku = r.sku and l.warehouse_id = r.warehouse_id
        and l.entry = 'committed'
      left join refund_sheets s on s.order_id = r.order_id and s.sku = r.sku and s.state = 'PFR'
      where r.quantity is distinct from l.quantity
        or not case r.reason
          when 'canceled' then o.status = 'canceled'
          when 'refunded_before_shipping' then s.kind = 'pre_shipping'
          else s.kind = 'with_return' end
      union all
      select format('order %s, SKU %s: refunded (%s), but nothing came back', s.order_id, s.sku, s.kind)
      from refund_sheets s join order_lines l on l.order_id = s.order_id and l.sku = s.sku
      where s.state = 'PFR'
        and (s.kind = 'with_return'
          or (s.kind = 'pre_shipping' and s.amount_minor = coalesce(l.unit_price_minor, 0) * l.quantity))
        and not exists (select from stock_returns r where r.order_id = s.order_id and r.sku = s.sku)`,
  },
  {
    invariant: "I6",
    claim: "every line belongs to an order",
    examined: "order_lines",
    violations: `
      select format('line of order %s, SKU %s: there is no such order', l.order_id, l.sku) as text
      from order_lines l left join orders o on o.id = l.order_id where o.id is null`,
  },
  {
    invariant: "I6",
    claim: "every hold has an order or a reservation, and a reservation's holds are what its status says",
    examined: "reservations",
    violations: `
      with resolved as (
        select h.holder_id, count(*) as holds, count(r.entry) as resolutions, min(r.entry::text) as first_entry,
          max(r.entry::text) as last_entry
        from reservation_ledger h
        left join reservation_ledger r
          on r.holder_id = h.holder_id and r.sku = h.sku and r.warehouse_id = h.warehouse_id and r.resolves
        where not h.resolves group by h.holder_id
      )
      select format('holder %s: %s', l.holder_id, case
        when o.id is null and v.id is null then 'neither an order nor a reservation'
        else format('reservation is %s, but %s of %s holds are resolved (%s)', v.status, l.resolutions, l.holds,
          concat_ws(', ', l.first_entry, l.last_entry)) end) as text
      from resolved l
      left join orders o on o.id = l.holder_id
      left join reservations v on v.id = l.holder_id
      where (o.id is null and v.id is null)
        or (v.status = 'held' and l.resolutions > 0)
        or (v.status <> 'held' and (l.resolutions <> l.holds or l.first_entry <> v.status::text
          or l.last_entry <> v.status::text))`,
  },
  {
    invariant: "I8",
    claim: "orders at tables, and no others, have no deadline, no timers and a table",
    examined: "table_references",
    violations: `
      with waiting as (select subject_id, count(*) as timers from timers group by subject_id)
      select format('order %s (%s, %s): due %s, %s, %s timers', o.id, o.workflow, o.status,
        coalesce(o.payment_due_at::text, 'never'), case when r.order_id is null then 'no table' else 'a table' end,
        coalesce(w.timers, 0)) as text
      from orders o left join table_references r on r.order_id = o.id left join waiting w on w.subject_id = o.id
      where (o.workflow = 'table') is distinct from (o.payment_due_at is null)
        or (o.workflow = 'table') is distinct from (r.order_id is not null)
        or (o.workflow = 'table' and w.timers > 0)
      union all
      select format('order %s has a table, but there is no such order', r.order_id)
      from table_references r left join orders o on o.id = r.order_id where o.id is null`,
  },
  {
    invariant: "I8",
    claim: "no order awaits payment, and no reservation is held, five seconds past its time",
    examined: "orders",
    violations: `
      select format('order %s awaits payment since %s, due %s', id, created_at, payment_due_at) as text
      from orders where status = 'awaiting_payment' and payment_due_at < now() - interval '5 seconds'
      union all
      select format('reservation %s is held, expired %s', id, expires_at)
      from reservations where status = 'held' and expires_at < now() - interval '5 seconds'`,
  },
  {
    invariant: "I9",
    claim: "an order's history counts 1, 2, 3 … up to its version, and ends with its status",
    examined: "order_history",
    violations: `
      with counted as (
        select order_id, count(*) as changes, min(version) as first_version, max(version) as last_version,
          (array_agg(status order by version desc))[1] as last_status, (array_agg(status order by version))[1] as first_status
        from order_history group by order_id
      )
      select format('order %s (version %s, %s): %s history rows, %s to %s, from %s to %s', coalesce(o.id, c.order_id),
        o.version, o.status, coalesce(c.changes, 0), c.first_version, c.last_version, c.first_status, c.last_status) as text
      from orders o full join counted c on c.order_id = o.id
      where c.changes is distinct from o.version::bigint or c.first_version is distinct from 1
        or c.last_version is distinct from o.version or c.last_status is distinct from o.status
        or c.first_status is distinct from 'new'`,
  },
];
