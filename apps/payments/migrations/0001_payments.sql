-- What is to be collected for which order, what was, and what was given back; and, apart from that, the ledger of the
-- sandbox provider, which stands for the world outside.

create type payment_status as enum (
  'requires_payment', 'processing', 'captured', 'declined', 'partially_refunded', 'refunded', 'canceled'
);

-- What the order's events said last. 'paid_otherwise': it was paid while nothing was captured here.
create type order_state as enum ('awaiting_payment', 'paid', 'paid_otherwise', 'canceled', 'expired', 'failed');

-- One payment for each order.
create table payments (
  id bigint generated always as identity primary key,
  order_id bigint not null unique check (order_id > 0),
  user_id bigint not null check (user_id > 0),
  status payment_status not null,
  -- Grows by one with each change; the history has one row for each.
  version int not null check (version > 0),
  currency_code text not null check (currency_code ~ '^[A-Z]{3}$'),
  -- The order's total.
  amount_minor bigint not null check (amount_minor >= 0),
  -- Over all attempts. More than the amount if it was captured twice: what is too much is refunded by itself.
  captured_minor bigint not null default 0,
  -- Refunds that were begun and have not failed.
  refund_requested_minor bigint not null default 0,
  -- Refunds that the provider has confirmed.
  refunded_minor bigint not null default 0,
  order_state order_state not null,
  -- The newest of the order's events that was applied: older ones are stale.
  order_version int not null,
  attempts int not null default 0,
  -- Of the last attempt, if that was declined.
  decline_code text not null default '',
  created_at timestamptz not null,
  payment_due_at timestamptz not null,
  check (0 <= refunded_minor and refunded_minor <= refund_requested_minor
    and refund_requested_minor <= captured_minor),
  check (status not in ('requires_payment', 'processing', 'declined', 'canceled') or captured_minor = 0),
  check (status <> 'canceled' or order_state <> 'awaiting_payment')
) with (fillfactor = 80);

create index payments_by_user on payments (user_id, id);

-- One row for each version of a payment. Rows are never changed.
create table payment_history (
  payment_id bigint not null references payments (id),
  version int not null,
  status payment_status not null,
  order_state order_state not null,
  -- What happened, and why: "captured", "declined: insufficient_funds", "refund 7 requested: order_expired".
  event text not null,
  changed_at timestamptz not null default now(),
  primary key (payment_id, version)
);

create type attempt_status as enum ('processing', 'captured', 'declined');

-- One row for each try to capture, written before the provider is asked.
create table payment_attempts (
  id bigint generated always as identity primary key,
  payment_id bigint not null references payments (id),
  number int not null check (number > 0),
  -- What the provider knows this try by: asked again with it, it captures nothing more.
  provider_key text not null unique,
  status attempt_status not null,
  decline_code text not null default '',
  amount_minor bigint not null check (amount_minor > 0),
  -- Refunds of this capture that were begun and have not failed.
  refund_requested_minor bigint not null default 0,
  -- Of the call that began it, for the events of what becomes of it.
  traceparent text not null,
  started_at timestamptz not null default now(),
  -- When the provider is to be asked what became of it; null once that is known.
  next_check_at timestamptz,
  checks int not null default 0,
  unique (payment_id, number),
  check ((next_check_at is null) = (status <> 'processing')),
  check (refund_requested_minor between 0 and amount_minor)
);

-- A payment has one try under way at most.
create unique index one_attempt_under_way on payment_attempts (payment_id) where status = 'processing';
create index attempts_to_check on payment_attempts (next_check_at) where status = 'processing';

create type refund_status as enum ('pending', 'succeeded', 'failed');
create type refund_reason as enum (
  'requested', 'order_canceled', 'order_expired', 'order_failed', 'paid_otherwise', 'duplicate_capture',
  'made_at_provider'
);

-- Written before the provider is asked, as attempts are.
create table refunds (
  id bigint generated always as identity primary key,
  payment_id bigint not null references payments (id),
  attempt_id bigint not null references payment_attempts (id),
  -- What the provider knows it by: asked again with it, it gives nothing more back.
  provider_key text not null unique,
  amount_minor bigint not null check (amount_minor > 0),
  status refund_status not null,
  reason refund_reason not null,
  note text not null default '',
  failure_code text not null default '',
  traceparent text not null,
  created_at timestamptz not null default now(),
  -- When the provider is to be asked; null once that is done.
  next_check_at timestamptz,
  checks int not null default 0,
  check ((next_check_at is null) = (status <> 'pending'))
);

create index refunds_by_payment on refunds (payment_id, id);
create index refunds_to_make on refunds (next_check_at) where status = 'pending';

-- Events of the provider that were handled.
create table provider_events (
  event_id text primary key,
  type text not null,
  handled_at timestamptz not null default now()
);

-- One row per intent that a caller has named, written in the transaction of its effect.
create table idempotency_keys (
  caller text not null,
  method text not null,
  key text not null,
  -- SHA-256 of what was asked.
  request_hash bytea not null,
  -- The attempt or refund that it began.
  subject_id bigint not null,
  created_at timestamptz not null default now(),
  primary key (caller, method, key)
);

-- Events that are not yet on Kafka. The columns are those of Debezium's outbox event router, so that Debezium can
-- take the place of our relay. A row is deleted once Kafka has it.
create table outbox (
  id bigint generated always as identity primary key,
  aggregate_type text not null,
  aggregate_id bigint not null,
  type text not null,
  payload bytea not null,
  headers jsonb not null,
  created_at timestamptz not null default now()
);

-- Events whose effect is in this database.
create table inbox (
  consumer_group text not null,
  event_id text not null,
  handled_at timestamptz not null default now(),
  primary key (consumer_group, event_id)
);

-- From here on: the sandbox provider's own books. Nothing above refers to them, and they are written over connections
-- of their own, so that a crash between the two is as real as with a provider at the other end of a line.

-- Stand-ins of test cards. There is no column for a number: only what the card does is kept.
create table sandbox_methods (
  token text primary key,
  user_id bigint not null,
  behavior text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);

create type sandbox_capture_state as enum ('pending', 'captured', 'declined', 'voided');

create table sandbox_captures (
  key text primary key,
  -- What the merchant says that it is for: "order/17".
  reference text not null,
  amount_minor bigint not null,
  currency_code text not null,
  state sandbox_capture_state not null,
  decline_code text not null default '',
  -- When a pending one is decided, and how.
  settles_at timestamptz,
  settles_to sandbox_capture_state,
  created_at timestamptz not null default now(),
  check ((settles_at is null) = (state <> 'pending')),
  check ((settles_to is null) = (state <> 'pending'))
);

create index sandbox_captures_pending on sandbox_captures (settles_at) where state = 'pending';

create table sandbox_refunds (
  key text primary key,
  capture_key text not null references sandbox_captures (key),
  amount_minor bigint not null check (amount_minor > 0),
  created_at timestamptz not null default now()
);

create index sandbox_refunds_by_capture on sandbox_refunds (capture_key);

-- What the sandbox has to tell over its webhook, until that was taken.
create table sandbox_events (
  id text primary key,
  body text not null,
  -- How often it is still to be delivered.
  deliveries_left int not null check (deliveries_left > 0),
  next_try_at timestamptz not null default now(),
  tries int not null default 0
);
