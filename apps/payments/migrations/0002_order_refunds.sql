-- Refunds that orders ask for, by the order service's own ids.

alter type refund_reason add value 'order_refund';

-- The order service's id of the refund; null: no order asked for it.
alter table refunds add column order_refund_id bigint check (order_refund_id > 0);

-- Of each one is under way or made, at most. One that failed may be asked for again.
create unique index one_refund_for_each_order_refund on refunds (order_refund_id) where status <> 'failed';

-- What orders asked for and did not get, without the provider having been asked. Rows are never changed.
create table refused_order_refunds (
  id bigint generated always as identity primary key,
  order_refund_id bigint not null,
  order_id bigint not null,
  currency_code text not null,
  amount_minor bigint not null,
  failure_code text not null,
  refused_at timestamptz not null default now()
);

create index refused_order_refunds_by_refund on refused_order_refunds (order_refund_id);
