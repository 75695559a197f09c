-- Orders at tables: they are paid whenever the guests ask for the bill.
alter table orders alter column payment_due_at drop not null;

-- Where such an order was placed, and for whom. Rows are never changed.
create table table_references (
  order_id bigint primary key,
  location_id bigint not null,
  session_id bigint not null,
  guest_nickname text not null,
  -- Who placed it, if that was staff; else 0.
  staff_user_id bigint not null,
  note text not null
);
