-- What the migrations of this service add up to. Written by `pnpm schema`, compared in CI.

create type attempt_status as enum ('processing', 'captured', 'declined');

create type order_state as enum ('awaiting_payment', 'paid', 'paid_otherwise', 'canceled', 'expired', 'failed', 'bill_voided');

create type payment_status as enum ('requires_payment', 'processing', 'captured', 'declined', 'partially_refunded', 'refunded', 'canceled');

create type refund_reason as enum ('requested', 'order_canceled', 'order_expired', 'order_failed', 'paid_otherwise', 'duplicate_capture', 'made_at_provider', 'order_refund', 'bill_voided');

create type refund_status as enum ('pending', 'succeeded', 'failed');

create type sandbox_capture_state as enum ('pending', 'captured', 'declined', 'voided');

create table idempotency_keys (
  caller text not null,
  method text not null,
  key text not null,
  request_hash bytea not null,
  subject_id bigint not null,
  created_at timestamp with time zone not null default now(),
  constraint idempotency_keys_pkey PRIMARY KEY (caller, method, key)
);

create table inbox (
  consumer_group text not null,
  event_id text not null,
  handled_at timestamp with time zone not null default now(),
  constraint inbox_pkey PRIMARY KEY (consumer_group, event_id)
);

create table outbox (
  id bigint not null generated always as identity,
  aggregate_type text not null,
  aggregate_id bigint not null,
  type text not null,
  payload bytea not null,
  headers jsonb not null,
  created_at timestamp with time zone not null default now(),
  constraint outbox_pkey PRIMARY KEY (id)
);

create table payment_attempts (
  id bigint not null generated always as identity,
  payment_id bigint not null,
  number integer not null,
  provider_key text not null,
  status attempt_status not null,
  decline_code text not null default ''::text,
  amount_minor bigint not null,
  refund_requested_minor bigint not null default 0,
  traceparent text not null,
  started_at timestamp with time zone not null default now(),
  next_check_at timestamp with time zone,
  checks integer not null default 0,
  constraint payment_attempts_pkey PRIMARY KEY (id),
  constraint payment_attempts_amount_minor_check CHECK ((amount_minor > 0)),
  constraint payment_attempts_check CHECK (((next_check_at IS NULL) = (status <> 'processing'::attempt_status))),
  constraint payment_attempts_check1 CHECK (((refund_requested_minor >= 0) AND (refund_requested_minor <= amount_minor))),
  constraint payment_attempts_number_check CHECK ((number > 0)),
  constraint payment_attempts_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES payments(id),
  constraint payment_attempts_payment_id_number_key UNIQUE (payment_id, number),
  constraint payment_attempts_provider_key_key UNIQUE (provider_key)
);

create table payment_history (
  payment_id bigint not null,
  version integer not null,
  status payment_status not null,
  order_state order_state not null,
  event text not null,
  changed_at timestamp with time zone not null default now(),
  constraint payment_history_pkey PRIMARY KEY (payment_id, version),
  constraint payment_history_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES payments(id)
);

create table payments (
  id bigint not null generated always as identity,
  order_id bigint,
  user_id bigint not null,
  status payment_status not null,
  version integer not null,
  currency_code text not null,
  amount_minor bigint not null,
  captured_minor bigint not null default 0,
  refund_requested_minor bigint not null default 0,
  refunded_minor bigint not null default 0,
  order_state order_state not null,
  order_version integer not null,
  attempts integer not null default 0,
  decline_code text not null default ''::text,
  created_at timestamp with time zone not null,
  payment_due_at timestamp with time zone,
  bill_share_id bigint,
  constraint payments_pkey PRIMARY KEY (id),
  constraint payments_amount_minor_check CHECK ((amount_minor >= 0)),
  constraint payments_bill_share_id_check CHECK ((bill_share_id > 0)),
  constraint payments_bill_share_id_key UNIQUE (bill_share_id),
  constraint payments_check CHECK (((0 <= refunded_minor) AND (refunded_minor <= refund_requested_minor) AND (refund_requested_minor <= captured_minor))),
  constraint payments_check1 CHECK (((status <> ALL (ARRAY['requires_payment'::payment_status, 'processing'::payment_status, 'declined'::payment_status, 'canceled'::payment_status])) OR (captured_minor = 0))),
  constraint payments_check2 CHECK (((status <> 'canceled'::payment_status) OR (order_state <> 'awaiting_payment'::order_state))),
  constraint payments_check3 CHECK ((num_nonnulls(order_id, bill_share_id) = 1)),
  constraint payments_check4 CHECK (((order_id IS NULL) OR (payment_due_at IS NOT NULL))),
  constraint payments_currency_code_check CHECK ((currency_code ~ '^[A-Z]{3}$'::text)),
  constraint payments_order_id_check CHECK ((order_id > 0)),
  constraint payments_order_id_key UNIQUE (order_id),
  constraint payments_user_id_check CHECK ((user_id > 0)),
  constraint payments_version_check CHECK ((version > 0))
) with (fillfactor=80);

create table provider_events (
  event_id text not null,
  type text not null,
  handled_at timestamp with time zone not null default now(),
  constraint provider_events_pkey PRIMARY KEY (event_id)
);

create table refunds (
  id bigint not null generated always as identity,
  payment_id bigint not null,
  attempt_id bigint not null,
  provider_key text not null,
  amount_minor bigint not null,
  status refund_status not null,
  reason refund_reason not null,
  note text not null default ''::text,
  failure_code text not null default ''::text,
  traceparent text not null,
  created_at timestamp with time zone not null default now(),
  next_check_at timestamp with time zone,
  checks integer not null default 0,
  order_refund_id bigint,
  constraint refunds_pkey PRIMARY KEY (id),
  constraint refunds_amount_minor_check CHECK ((amount_minor > 0)),
  constraint refunds_attempt_id_fkey FOREIGN KEY (attempt_id) REFERENCES payment_attempts(id),
  constraint refunds_check CHECK (((next_check_at IS NULL) = (status <> 'pending'::refund_status))),
  constraint refunds_order_refund_id_check CHECK ((order_refund_id > 0)),
  constraint refunds_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES payments(id),
  constraint refunds_provider_key_key UNIQUE (provider_key)
);

create table refused_order_refunds (
  id bigint not null generated always as identity,
  order_refund_id bigint not null,
  order_id bigint not null,
  currency_code text not null,
  amount_minor bigint not null,
  failure_code text not null,
  refused_at timestamp with time zone not null default now(),
  constraint refused_order_refunds_pkey PRIMARY KEY (id)
);

create table sandbox_captures (
  key text not null,
  reference text not null,
  amount_minor bigint not null,
  currency_code text not null,
  state sandbox_capture_state not null,
  decline_code text not null default ''::text,
  settles_at timestamp with time zone,
  settles_to sandbox_capture_state,
  created_at timestamp with time zone not null default now(),
  constraint sandbox_captures_pkey PRIMARY KEY (key),
  constraint sandbox_captures_check CHECK (((settles_at IS NULL) = (state <> 'pending'::sandbox_capture_state))),
  constraint sandbox_captures_check1 CHECK (((settles_to IS NULL) = (state <> 'pending'::sandbox_capture_state)))
);

create table sandbox_events (
  id text not null,
  body text not null,
  deliveries_left integer not null,
  next_try_at timestamp with time zone not null default now(),
  tries integer not null default 0,
  constraint sandbox_events_pkey PRIMARY KEY (id),
  constraint sandbox_events_deliveries_left_check CHECK ((deliveries_left > 0))
);

create table sandbox_methods (
  token text not null,
  user_id bigint not null,
  behavior text not null,
  created_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  constraint sandbox_methods_pkey PRIMARY KEY (token)
);

create table sandbox_refunds (
  key text not null,
  capture_key text not null,
  amount_minor bigint not null,
  created_at timestamp with time zone not null default now(),
  constraint sandbox_refunds_pkey PRIMARY KEY (key),
  constraint sandbox_refunds_amount_minor_check CHECK ((amount_minor > 0)),
  constraint sandbox_refunds_capture_key_fkey FOREIGN KEY (capture_key) REFERENCES sandbox_captures(key)
);

create table schema_migrations (
  version integer not null,
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone not null default now(),
  constraint schema_migrations_pkey PRIMARY KEY (version)
);

CREATE INDEX attempts_to_check ON payment_attempts USING btree (next_check_at) WHERE (status = 'processing'::attempt_status);

CREATE UNIQUE INDEX one_attempt_under_way ON payment_attempts USING btree (payment_id) WHERE (status = 'processing'::attempt_status);

CREATE UNIQUE INDEX one_refund_for_each_order_refund ON refunds USING btree (order_refund_id) WHERE (status <> 'failed'::refund_status);

CREATE INDEX payments_by_user ON payments USING btree (user_id, id);

CREATE INDEX refunds_by_payment ON refunds USING btree (payment_id, id);

CREATE INDEX refunds_to_make ON refunds USING btree (next_check_at) WHERE (status = 'pending'::refund_status);

CREATE INDEX refused_order_refunds_by_refund ON refused_order_refunds USING btree (order_refund_id);

CREATE INDEX sandbox_captures_pending ON sandbox_captures USING btree (settles_at) WHERE (state = 'pending'::sandbox_capture_state);

CREATE INDEX sandbox_refunds_by_capture ON sandbox_refunds USING btree (capture_key);
