-- What the payment service tells about orders.

-- Events whose effect is in this database.
create table inbox (
  consumer_group text not null,
  event_id text not null,
  handled_at timestamptz not null default now(),
  primary key (consumer_group, event_id)
);

-- One row for each event about an order's payment, with what it led to here. Rows are never changed.
create table order_payment_events (
  order_id bigint not null,
  payment_id bigint not null,
  -- Of the payment: grows with each change of it, with holes where nothing was told.
  version int not null check (version > 0),
  kind text not null check (kind in ('captured', 'declined', 'refunded', 'canceled')),
  -- The decline code, or why the money was given back or the payment canceled.
  reason text not null,
  currency_code text not null,
  captured_minor bigint not null,
  refunded_minor bigint not null,
  -- 'paid': the order was marked as paid; 'unchanged': there was nothing to do; else why the money was not taken.
  outcome text not null,
  recorded_at timestamptz not null default now(),
  primary key (order_id, payment_id, version)
);
