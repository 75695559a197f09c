-- What the migrations of this service add up to. Written by `pnpm schema`, compared in CI.

create type cancel_reason as enum ('requested', 'payment_deadline');

create type ledger_entry as enum ('reserved', 'committed', 'released', 'expired');

create type order_status as enum ('new', 'awaiting_payment', 'failed', 'paid', 'canceled');

create type reservation_status as enum ('held', 'committed', 'released', 'expired');

create sequence id_blocks;

create table feed_epoch (
  only_row boolean not null default true,
  epoch uuid not null default gen_random_uuid(),
  system_identifier bigint not null,
  constraint feed_epoch_pkey PRIMARY KEY (only_row),
  constraint feed_epoch_only_row_check CHECK (only_row)
);

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

create table order_history (
  order_id bigint not null,
  version integer not null,
  status order_status not null,
  cancel_reason cancel_reason,
  changed_at timestamp with time zone not null,
  transaction_id xid8 not null default pg_current_xact_id(),
  constraint order_history_pkey PRIMARY KEY (order_id, version),
  constraint order_history_version_check CHECK ((version > 0))
);

create table order_lines (
  order_id bigint not null,
  sku bigint not null,
  quantity integer not null,
  name text not null,
  unit_price_minor bigint,
  constraint order_lines_pkey PRIMARY KEY (order_id, sku),
  constraint order_lines_quantity_check CHECK ((quantity > 0)),
  constraint order_lines_sku_check CHECK ((sku > 0)),
  constraint order_lines_unit_price_minor_check CHECK ((unit_price_minor >= 0))
);

create table order_payment_events (
  order_id bigint not null,
  payment_id bigint not null,
  version integer not null,
  kind text not null,
  reason text not null,
  currency_code text not null,
  captured_minor bigint not null,
  refunded_minor bigint not null,
  outcome text not null,
  recorded_at timestamp with time zone not null default now(),
  constraint order_payment_events_pkey PRIMARY KEY (order_id, payment_id, version),
  constraint order_payment_events_kind_check CHECK ((kind = ANY (ARRAY['captured'::text, 'declined'::text, 'refunded'::text, 'canceled'::text]))),
  constraint order_payment_events_version_check CHECK ((version > 0))
);

create table orders (
  id bigint not null,
  user_id bigint not null,
  status order_status not null,
  version integer not null,
  currency_code text,
  total_minor bigint,
  cancel_reason cancel_reason,
  shortages jsonb,
  created_at timestamp with time zone not null,
  payment_due_at timestamp with time zone not null,
  constraint orders_pkey PRIMARY KEY (id),
  constraint orders_check CHECK (((currency_code IS NULL) = (total_minor IS NULL))),
  constraint orders_check1 CHECK (((cancel_reason IS NOT NULL) = (status = 'canceled'::order_status))),
  constraint orders_check2 CHECK (((shortages IS NOT NULL) = (status = 'failed'::order_status))),
  constraint orders_currency_code_check CHECK ((currency_code ~ '^[A-Z]{3}$'::text)),
  constraint orders_status_check CHECK ((status <> 'new'::order_status)),
  constraint orders_total_minor_check CHECK ((total_minor >= 0)),
  constraint orders_user_id_check CHECK ((user_id > 0)),
  constraint orders_version_check CHECK ((version > 0))
) with (fillfactor=80);

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

create table reservation_ledger (
  holder_id bigint not null,
  sku bigint not null,
  warehouse_id bigint not null,
  resolves boolean not null,
  entry ledger_entry not null,
  quantity integer not null,
  recorded_at timestamp with time zone not null default now(),
  constraint reservation_ledger_pkey PRIMARY KEY (holder_id, sku, warehouse_id, resolves),
  constraint reservation_ledger_check CHECK ((resolves = (entry <> 'reserved'::ledger_entry))),
  constraint reservation_ledger_quantity_check CHECK ((quantity > 0))
);

create table reservations (
  id bigint not null,
  status reservation_status not null,
  created_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  constraint reservations_pkey PRIMARY KEY (id)
);

create table schema_migrations (
  version integer not null,
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone not null default now(),
  constraint schema_migrations_pkey PRIMARY KEY (version)
);

create table stock_levels (
  sku bigint not null,
  warehouse_id bigint not null,
  on_hand integer not null,
  reserved integer not null default 0,
  constraint stock_levels_pkey PRIMARY KEY (sku, warehouse_id),
  constraint stock_levels_check CHECK (((reserved >= 0) AND (reserved <= on_hand))),
  constraint stock_levels_sku_check CHECK ((sku > 0)),
  constraint stock_levels_warehouse_id_check CHECK ((warehouse_id > 0))
) with (fillfactor=70);

create table stock_receipts (
  id bigint not null generated always as identity,
  sku bigint not null,
  warehouse_id bigint not null,
  quantity integer not null,
  received_at timestamp with time zone not null default now(),
  constraint stock_receipts_pkey PRIMARY KEY (id),
  constraint stock_receipts_quantity_check CHECK ((quantity > 0)),
  constraint stock_receipts_sku_warehouse_id_fkey FOREIGN KEY (sku, warehouse_id) REFERENCES stock_levels(sku, warehouse_id)
);

create table timers (
  due_at timestamp with time zone not null,
  subject_id bigint not null,
  kind text not null,
  step integer not null,
  constraint timers_pkey PRIMARY KEY (due_at, subject_id, kind)
);

CREATE INDEX order_history_by_transaction ON order_history USING btree (transaction_id);

CREATE INDEX orders_by_status ON orders USING btree (status, created_at, id);

CREATE INDEX orders_by_user ON orders USING btree (user_id, created_at, id);
