-- Payments of bill shares at tables, beside those of orders.

alter table payments alter column order_id drop not null;
-- The tables service's id of the share.
alter table payments add column bill_share_id bigint unique check (bill_share_id > 0);
alter table payments add check (num_nonnulls(order_id, bill_share_id) = 1);

-- A share has no deadline: its bill is taken back, or settled otherwise, when nobody pays it.
alter table payments alter column payment_due_at drop not null;
alter table payments add check (order_id is null or payment_due_at is not null);

-- The bill was taken back, or the share was settled without this service.
alter type order_state add value 'bill_voided';
alter type refund_reason add value 'bill_voided';
