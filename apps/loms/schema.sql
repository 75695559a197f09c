-- What the migrations of this service add up to. Written by `pnpm schema`, compared in CI.

create type cancel_reason as enum ('requested', 'payment_deadline', 'refunded', 'expired', 'declined', 'session_closed');

create type ledger_entry as enum ('reserved', 'committed', 'released', 'expired');

create type order_status as enum ('new', 'awaiting_payment', 'failed', 'paid', 'canceled', 'shipment_held', 'shipped', 'completed', 'awaiting_settlement', 'settled', 'confirmed', 'delivered', 'placed', 'accepted', 'preparing', 'served', 'declined');

create type order_workflow as enum ('product', 'service', 'simple', 'table');

create type reservation_status as enum ('held', 'committed', 'released', 'expired');

create type voucher_code_state as enum ('unused', 'used', 'refund_pending', 'refunded', 'expired');

create sequence id_blocks;

create sequence refund_ids;

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
  version integer,
  constraint idempotency_keys_pkey PRIMARY KEY (caller, method, key)
);

create table inbox (
  consumer_group text not null,
  event_id text not null,
  handled_at timestamp with time zone not null default now(),
  constraint inbox_pkey PRIMARY KEY (consumer_group, event_id)
);

create table order_fulfillments (
  order_id bigint not null,
  shipping_address jsonb,
  shipping_fee_minor bigint,
  carrier text not null default ''::text,
  tracking_number text not null default ''::text,
  shipped_at timestamp with time zone,
  refunded_elsewhere_minor bigint not null default 0,
  flags text[] not null default '{}'::text[],
  constraint order_fulfillments_pkey PRIMARY KEY (order_id),
  constraint order_fulfillments_refunded_elsewhere_minor_check CHECK ((refunded_elsewhere_minor >= 0)),
  constraint order_fulfillments_shipping_fee_minor_check CHECK ((shipping_fee_minor >= 0))
);

create table order_history (
  order_id bigint not null,
  version integer not null,
  status order_status not null,
  cancel_reason cancel_reason,
  changed_at timestamp with time zone not null,
  transaction_id xid8 not null default pg_current_xact_id(),
  role text,
  actor text,
  action text,
  sku bigint,
  item_state text,
  refund_id bigint,
  refund_kind text,
  refund_state text,
  event text,
  event_type text,
  parameters jsonb,
  trace_id uuid,
  trace_recorded boolean,
  constraint order_history_pkey PRIMARY KEY (order_id, version),
  constraint order_history_check CHECK ((((role IS NULL) = (action IS NULL)) AND ((role IS NULL) = (actor IS NULL)))),
  constraint order_history_check1 CHECK (((sku IS NOT NULL) OR ((item_state IS NULL) AND (refund_id IS NULL)))),
  constraint order_history_check2 CHECK ((((refund_id IS NULL) = (refund_state IS NULL)) AND ((refund_id IS NULL) = (refund_kind IS NULL)))),
  constraint order_history_role_check CHECK ((role = ANY (ARRAY['P'::text, 'A'::text, 'S'::text, 'B'::text]))),
  constraint order_history_version_check CHECK ((version > 0))
);

create table order_items (
  order_id bigint not null,
  sku bigint not null,
  state text not null,
  constraint order_items_pkey PRIMARY KEY (order_id, sku)
);

create table order_lines (
  order_id bigint not null,
  sku bigint not null,
  quantity integer not null,
  name text not null,
  unit_price_minor bigint,
  attributes jsonb,
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
  payment_due_at timestamp with time zone,
  workflow order_workflow not null default 'product'::order_workflow,
  workflow_version smallint not null default 1,
  step integer not null default 2,
  refunded_minor bigint not null default 0,
  constraint orders_pkey PRIMARY KEY (id),
  constraint orders_check CHECK (((currency_code IS NULL) = (total_minor IS NULL))),
  constraint orders_check1 CHECK (((cancel_reason IS NOT NULL) = (status = 'canceled'::order_status))),
  constraint orders_check2 CHECK (((shortages IS NOT NULL) = (status = 'failed'::order_status))),
  constraint orders_check3 CHECK (((refunded_minor >= 0) AND (refunded_minor <= total_minor))),
  constraint orders_currency_code_check CHECK ((currency_code ~ '^[A-Z]{3}$'::text)),
  constraint orders_status_check CHECK ((status <> 'new'::order_status)),
  constraint orders_step_check CHECK ((step > 0)),
  constraint orders_total_minor_check CHECK ((total_minor >= 0)),
  constraint orders_user_id_check CHECK ((user_id > 0)),
  constraint orders_version_check CHECK ((version > 0)),
  constraint orders_workflow_version_check CHECK ((workflow_version > 0))
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

create table refund_sheets (
  id bigint not null,
  order_id bigint not null,
  sku bigint not null,
  number integer not null,
  kind text not null,
  state text not null,
  is_open boolean not null,
  step integer not null,
  amount_minor bigint not null,
  reason text not null,
  memo text not null,
  picture_urls jsonb not null,
  carrier text not null default ''::text,
  tracking_number text not null default ''::text,
  failure_code text not null default ''::text,
  created_at timestamp with time zone not null,
  changed_at timestamp with time zone not null,
  constraint refund_sheets_pkey PRIMARY KEY (id),
  constraint refund_sheets_amount_minor_check CHECK ((amount_minor >= 0)),
  constraint refund_sheets_kind_check CHECK ((kind = ANY (ARRAY['pre_shipping'::text, 'refund_only'::text, 'with_return'::text, 'anytime'::text, 'expiration'::text]))),
  constraint refund_sheets_number_check CHECK ((number > 0)),
  constraint refund_sheets_step_check CHECK ((step > 0))
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

create table stock_returns (
  order_id bigint not null,
  sku bigint not null,
  warehouse_id bigint not null,
  quantity integer not null,
  reason text not null,
  version integer not null,
  recorded_at timestamp with time zone not null default now(),
  constraint stock_returns_pkey PRIMARY KEY (order_id, sku, warehouse_id),
  constraint stock_returns_quantity_check CHECK ((quantity > 0)),
  constraint stock_returns_reason_check CHECK ((reason = ANY (ARRAY['canceled'::text, 'refunded_before_shipping'::text, 'returned'::text]))),
  constraint stock_returns_version_check CHECK ((version > 0))
);

create table table_references (
  order_id bigint not null,
  location_id bigint not null,
  session_id bigint not null,
  guest_nickname text not null,
  staff_user_id bigint not null,
  note text not null,
  constraint table_references_pkey PRIMARY KEY (order_id)
);

create table timer_skips (
  order_id bigint not null,
  kind text not null,
  sku bigint not null,
  step integer not null,
  skipped_at timestamp with time zone not null default now(),
  actor text not null,
  reason text not null,
  constraint timer_skips_pkey PRIMARY KEY (order_id, kind, sku, step)
);

create table timers (
  due_at timestamp with time zone not null,
  subject_id bigint not null,
  kind text not null,
  step integer not null,
  sku bigint not null default 0,
  remaining_ms bigint,
  failures integer not null default 0,
  constraint timers_pkey PRIMARY KEY (kind, due_at, subject_id, sku),
  constraint timers_check CHECK (((remaining_ms IS NOT NULL) = (due_at = 'infinity'::timestamp with time zone))),
  constraint timers_failures_check CHECK ((failures >= 0)),
  constraint timers_remaining_ms_check CHECK ((remaining_ms >= 0))
);

create table voucher_codes (
  order_id bigint not null,
  number integer not null,
  code_hash bytea not null,
  sealed_code bytea not null,
  state voucher_code_state not null default 'unused'::voucher_code_state,
  changed_at timestamp with time zone not null default now(),
  used_by text,
  used_key text not null default ''::text,
  constraint voucher_codes_pkey PRIMARY KEY (order_id, number),
  constraint voucher_codes_check CHECK (((used_by IS NOT NULL) = (state = 'used'::voucher_code_state))),
  constraint voucher_codes_check1 CHECK (((used_key = ''::text) OR (state = 'used'::voucher_code_state))),
  constraint voucher_codes_code_hash_key UNIQUE (code_hash),
  constraint voucher_codes_number_check CHECK ((number > 0)),
  constraint voucher_codes_order_id_fkey FOREIGN KEY (order_id) REFERENCES voucher_terms(order_id)
);

create table voucher_guesses (
  caller text not null,
  free_at timestamp with time zone not null,
  constraint voucher_guesses_pkey PRIMARY KEY (caller)
);

create table voucher_terms (
  order_id bigint not null,
  service_times integer not null,
  unit_price_minor bigint not null,
  valid_until timestamp with time zone not null,
  anytime_refund boolean not null,
  expiration_refund boolean not null,
  mobile text not null,
  constraint voucher_terms_pkey PRIMARY KEY (order_id),
  constraint voucher_terms_service_times_check CHECK (((service_times >= 1) AND (service_times <= 100))),
  constraint voucher_terms_unit_price_minor_check CHECK ((unit_price_minor >= 0))
);

create table workflow_definitions (
  name text not null,
  version smallint not null,
  definition json not null,
  constraint workflow_definitions_pkey PRIMARY KEY (name, version),
  constraint workflow_definitions_version_check CHECK ((version > 0))
);

CREATE INDEX order_history_by_transaction ON order_history USING btree (transaction_id);

CREATE INDEX orders_by_status ON orders USING btree (status, created_at, id);

CREATE INDEX orders_by_user ON orders USING btree (user_id, created_at, id);

CREATE UNIQUE INDEX refund_sheets_by_number ON refund_sheets USING btree (order_id, sku, number);

CREATE UNIQUE INDEX refund_sheets_one_open ON refund_sheets USING btree (order_id, sku) WHERE is_open;

CREATE INDEX reservation_ledger_by_sku ON reservation_ledger USING btree (sku, recorded_at);

CREATE INDEX stock_receipts_by_sku ON stock_receipts USING btree (sku, received_at);

CREATE INDEX stock_returns_by_sku ON stock_returns USING btree (sku, recorded_at);

CREATE INDEX timers_by_subject ON timers USING btree (subject_id) WHERE (kind <> 'payment_deadline'::text);
