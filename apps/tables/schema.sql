-- What the migrations of this service add up to. Written by `pnpm schema`, compared in CI.

create type bill_state as enum ('open', 'settled', 'void');

create type session_order_status as enum ('placing', 'placed', 'accepted', 'preparing', 'served', 'paid', 'declined', 'canceled');

create type session_state as enum ('open', 'closing', 'closed');

create type settlement_kind as enum ('card', 'cash', 'written_off');

create type share_state as enum ('unpaid', 'processing', 'paid');

create sequence guest_ids;

create sequence menu_item_skus;

create table bill_orders (
  bill_id bigint not null,
  order_id bigint not null,
  total_minor bigint not null,
  is_live boolean not null default true,
  pay_at timestamp with time zone,
  pay_tries integer not null default 0,
  paid_at timestamp with time zone,
  constraint bill_orders_pkey PRIMARY KEY (bill_id, order_id),
  constraint bill_orders_bill_id_fkey FOREIGN KEY (bill_id) REFERENCES bills(id),
  constraint bill_orders_check CHECK (((paid_at IS NULL) OR (pay_at IS NULL))),
  constraint bill_orders_order_id_fkey FOREIGN KEY (order_id) REFERENCES session_orders(order_id),
  constraint bill_orders_total_minor_check CHECK ((total_minor >= 0))
);

create table bill_shares (
  id bigint not null generated always as identity,
  bill_id bigint not null,
  position integer not null,
  guest_id bigint,
  amount_minor bigint not null,
  state share_state not null default 'unpaid'::share_state,
  settled_by settlement_kind,
  memo text not null default ''::text,
  decline_code text not null default ''::text,
  paid_at timestamp with time zone,
  try_id bigint,
  payer_guest_id bigint,
  payment_id bigint,
  payment_version integer not null default 0,
  check_at timestamp with time zone,
  checks integer not null default 0,
  write_off_reason text,
  write_off_asked_at timestamp with time zone,
  cancel_at timestamp with time zone,
  cancel_tries integer not null default 0,
  constraint bill_shares_pkey PRIMARY KEY (id),
  constraint bill_shares_amount_minor_check CHECK ((amount_minor > 0)),
  constraint bill_shares_bill_id_fkey FOREIGN KEY (bill_id) REFERENCES bills(id),
  constraint bill_shares_bill_id_position_key UNIQUE (bill_id, "position"),
  constraint bill_shares_check CHECK (((state = 'paid'::share_state) = (settled_by IS NOT NULL))),
  constraint bill_shares_check1 CHECK (((state = 'paid'::share_state) = (paid_at IS NOT NULL))),
  constraint bill_shares_check2 CHECK (((state = 'processing'::share_state) = (check_at IS NOT NULL))),
  constraint bill_shares_check3 CHECK (((try_id IS NULL) = (payer_guest_id IS NULL))),
  constraint bill_shares_check4 CHECK (((state <> 'processing'::share_state) OR (try_id IS NOT NULL))),
  constraint bill_shares_check5 CHECK (((write_off_reason IS NULL) = (write_off_asked_at IS NULL))),
  constraint bill_shares_guest_id_fkey FOREIGN KEY (guest_id) REFERENCES guests(id),
  constraint bill_shares_payer_guest_id_fkey FOREIGN KEY (payer_guest_id) REFERENCES guests(id)
);

create table bills (
  id bigint not null generated always as identity,
  session_id bigint not null,
  state bill_state not null default 'open'::bill_state,
  total_minor bigint not null,
  made_by text not null,
  traceparent text not null,
  made_at timestamp with time zone not null default date_trunc('milliseconds'::text, clock_timestamp()),
  ended_at timestamp with time zone,
  constraint bills_pkey PRIMARY KEY (id),
  constraint bills_check CHECK (((state = 'open'::bill_state) = (ended_at IS NULL))),
  constraint bills_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions(id),
  constraint bills_total_minor_check CHECK ((total_minor >= 0))
);

create table feed_epoch (
  only_row boolean not null default true,
  epoch uuid not null default gen_random_uuid(),
  system_identifier bigint not null,
  constraint feed_epoch_pkey PRIMARY KEY (only_row),
  constraint feed_epoch_only_row_check CHECK (only_row)
);

create table guests (
  id bigint not null default nextval('guest_ids'::regclass),
  session_id bigint not null,
  nickname text not null,
  is_table boolean not null default false,
  token_hash bytea,
  joined_at timestamp with time zone not null default date_trunc('milliseconds'::text, clock_timestamp()),
  removed_at timestamp with time zone,
  constraint guests_pkey PRIMARY KEY (id),
  constraint guests_check CHECK (((NOT is_table) OR ((token_hash IS NULL) AND (removed_at IS NULL)))),
  constraint guests_check1 CHECK (((removed_at IS NULL) OR (token_hash IS NULL))),
  constraint guests_nickname_check CHECK (((length(nickname) >= 1) AND (length(nickname) <= 50))),
  constraint guests_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions(id),
  constraint guests_token_hash_check CHECK ((length(token_hash) = 32))
);

create table inbox (
  consumer_group text not null,
  event_id text not null,
  handled_at timestamp with time zone not null default now(),
  constraint inbox_pkey PRIMARY KEY (consumer_group, event_id)
);

create table join_limits (
  subject bytea not null,
  free_at timestamp with time zone not null,
  constraint join_limits_pkey PRIMARY KEY (subject),
  constraint join_limits_subject_check CHECK ((length(subject) = 32))
);

create table location_staff (
  location_id bigint not null,
  user_id bigint not null,
  constraint location_staff_pkey PRIMARY KEY (location_id, user_id),
  constraint location_staff_location_id_fkey FOREIGN KEY (location_id) REFERENCES locations(id),
  constraint location_staff_user_id_check CHECK ((user_id > 0))
);

create table locations (
  id bigint not null generated always as identity,
  owner_user_id bigint not null,
  name text not null,
  name_key text not null,
  address text not null,
  address_key text not null,
  description text not null,
  latitude double precision,
  longitude double precision,
  website text not null,
  telephone text not null,
  categories text[] not null,
  tags text[] not null,
  category_keys text[] not null,
  tag_keys text[] not null,
  opening_hours jsonb not null,
  currency_code text not null,
  created_at timestamp with time zone not null default date_trunc('milliseconds'::text, clock_timestamp()),
  constraint locations_pkey PRIMARY KEY (id),
  constraint locations_address_check CHECK (((length(address) >= 1) AND (length(address) <= 500))),
  constraint locations_check CHECK (((latitude IS NULL) = (longitude IS NULL))),
  constraint locations_currency_code_check CHECK ((currency_code ~ '^[A-Z]{3}$'::text)),
  constraint locations_latitude_check CHECK (((latitude >= ('-90'::integer)::double precision) AND (latitude <= (90)::double precision))),
  constraint locations_longitude_check CHECK (((longitude >= ('-180'::integer)::double precision) AND (longitude <= (180)::double precision))),
  constraint locations_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  constraint locations_owner_user_id_check CHECK ((owner_user_id > 0))
);

create table order_news (
  order_id bigint not null,
  session_id bigint not null,
  status session_order_status not null,
  version integer not null,
  reason text not null,
  heard_at timestamp with time zone not null default now(),
  constraint order_news_pkey PRIMARY KEY (order_id)
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

create table schema_migrations (
  version integer not null,
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone not null default now(),
  constraint schema_migrations_pkey PRIMARY KEY (version)
);

create table session_changes (
  session_id bigint not null,
  version integer not null,
  location_id bigint not null,
  change bytea not null,
  changed_at timestamp with time zone not null default clock_timestamp(),
  transaction_id xid8 not null default pg_current_xact_id(),
  constraint session_changes_pkey PRIMARY KEY (session_id, version),
  constraint session_changes_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions(id)
);

create table session_codes (
  code text not null,
  session_id bigint not null,
  retired_at timestamp with time zone,
  constraint session_codes_pkey PRIMARY KEY (code),
  constraint session_codes_code_check CHECK ((code ~ '^[2-9A-HJKMNP-Z]{6}$'::text)),
  constraint session_codes_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions(id)
);

create table session_orders (
  id bigint not null generated always as identity,
  session_id bigint not null,
  guest_id bigint not null,
  staff_user_id bigint,
  placed_by text not null,
  idempotency_key text not null,
  request_hash bytea not null,
  lines jsonb not null,
  note text not null,
  total_minor bigint not null,
  traceparent text not null,
  order_id bigint,
  status session_order_status not null default 'placing'::session_order_status,
  version integer not null default 0,
  reason text not null default ''::text,
  bill_id bigint,
  placed_at timestamp with time zone not null default date_trunc('milliseconds'::text, clock_timestamp()),
  changed_at timestamp with time zone not null default date_trunc('milliseconds'::text, clock_timestamp()),
  attempts integer not null default 0,
  next_try_at timestamp with time zone not null,
  constraint session_orders_pkey PRIMARY KEY (id),
  constraint session_orders_bill_id_fkey FOREIGN KEY (bill_id) REFERENCES bills(id),
  constraint session_orders_check CHECK (((order_id IS NULL) = (status = 'placing'::session_order_status))),
  constraint session_orders_check1 CHECK (((order_id IS NULL) = (version = 0))),
  constraint session_orders_guest_id_fkey FOREIGN KEY (guest_id) REFERENCES guests(id),
  constraint session_orders_order_id_key UNIQUE (order_id),
  constraint session_orders_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions(id),
  constraint session_orders_session_id_placed_by_idempotency_key_key UNIQUE (session_id, placed_by, idempotency_key),
  constraint session_orders_total_minor_check CHECK ((total_minor >= 0))
);

create table sessions (
  id bigint not null generated always as identity,
  location_id bigint not null,
  name text not null,
  state session_state not null default 'open'::session_state,
  code text not null,
  rotation integer not null default 0,
  version integer not null default 0,
  currency_code text not null,
  paid_minor bigint not null default 0,
  opened_at timestamp with time zone not null default date_trunc('milliseconds'::text, clock_timestamp()),
  closed_at timestamp with time zone,
  close_reason text not null default ''::text,
  close_actor_user_id bigint,
  close_traceparent text not null default ''::text,
  close_attempts integer not null default 0,
  close_due_at timestamp with time zone,
  opened_by text not null,
  idempotency_key text,
  request_hash bytea not null,
  constraint sessions_pkey PRIMARY KEY (id),
  constraint sessions_check CHECK (((state = 'closed'::session_state) = (closed_at IS NOT NULL))),
  constraint sessions_check1 CHECK (((state = 'closing'::session_state) = (close_due_at IS NOT NULL))),
  constraint sessions_currency_code_check CHECK ((currency_code ~ '^[A-Z]{3}$'::text)),
  constraint sessions_location_id_fkey FOREIGN KEY (location_id) REFERENCES locations(id),
  constraint sessions_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100))),
  constraint sessions_paid_minor_check CHECK ((paid_minor >= 0))
);

create table share_tries (
  id bigint not null generated always as identity,
  share_id bigint not null,
  guest_id bigint not null,
  idempotency_key text not null,
  request_hash bytea not null,
  started_at timestamp with time zone not null default now(),
  constraint share_tries_pkey PRIMARY KEY (id),
  constraint share_tries_guest_id_fkey FOREIGN KEY (guest_id) REFERENCES guests(id),
  constraint share_tries_guest_id_idempotency_key_key UNIQUE (guest_id, idempotency_key),
  constraint share_tries_share_id_fkey FOREIGN KEY (share_id) REFERENCES bill_shares(id)
);

CREATE UNIQUE INDEX bill_orders_live ON bill_orders USING btree (order_id) WHERE is_live;

CREATE INDEX bill_orders_to_pay ON bill_orders USING btree (pay_at) WHERE (pay_at IS NOT NULL);

CREATE INDEX bill_shares_to_cancel ON bill_shares USING btree (cancel_at) WHERE (cancel_at IS NOT NULL);

CREATE INDEX bill_shares_to_check ON bill_shares USING btree (check_at) WHERE (check_at IS NOT NULL);

CREATE INDEX bills_by_session ON bills USING btree (session_id, id);

CREATE INDEX guests_by_session ON guests USING btree (session_id, id);

CREATE UNIQUE INDEX guests_by_token ON guests USING btree (token_hash) WHERE (token_hash IS NOT NULL);

CREATE UNIQUE INDEX guests_table ON guests USING btree (session_id) WHERE is_table;

CREATE INDEX join_limits_by_time ON join_limits USING btree (free_at);

CREATE INDEX location_staff_by_user ON location_staff USING btree (user_id, location_id);

CREATE UNIQUE INDEX locations_by_address ON locations USING btree (address_key);

CREATE UNIQUE INDEX locations_by_name ON locations USING btree (name_key);

CREATE INDEX locations_by_owner ON locations USING btree (owner_user_id, id);

CREATE INDEX locations_by_place ON locations USING gist (point(longitude, latitude));

CREATE UNIQUE INDEX locations_by_position ON locations USING btree (latitude, (
CASE
    WHEN (abs(latitude) = (90)::double precision) THEN (0)::double precision
    WHEN (longitude = (180)::double precision) THEN ('-180'::integer)::double precision
    ELSE longitude
END)) WHERE (latitude IS NOT NULL);

CREATE INDEX locations_by_word ON locations USING gin (category_keys, tag_keys);

CREATE INDEX session_changes_by_location ON session_changes USING btree (location_id, transaction_id, session_id, version);

CREATE INDEX session_changes_by_transaction ON session_changes USING btree (transaction_id, session_id, version);

CREATE INDEX session_codes_by_session ON session_codes USING btree (session_id);

CREATE INDEX session_codes_retired ON session_codes USING btree (retired_at) WHERE (retired_at IS NOT NULL);

CREATE INDEX session_orders_by_session ON session_orders USING btree (session_id, id);

CREATE INDEX session_orders_placing ON session_orders USING btree (next_try_at, id) WHERE (status = 'placing'::session_order_status);

CREATE INDEX session_orders_unserved ON session_orders USING btree (session_id, placed_at, id) WHERE (status = ANY (ARRAY['placed'::session_order_status, 'accepted'::session_order_status, 'preparing'::session_order_status]));

CREATE UNIQUE INDEX sessions_by_key ON sessions USING btree (opened_by, idempotency_key) WHERE (idempotency_key IS NOT NULL);

CREATE INDEX sessions_by_location ON sessions USING btree (location_id, id);

CREATE INDEX sessions_closing ON sessions USING btree (close_due_at, id) WHERE (state = 'closing'::session_state);

CREATE UNIQUE INDEX sessions_open_by_name ON sessions USING btree (location_id, name) WHERE (state <> 'closed'::session_state);

CREATE INDEX share_tries_by_share ON share_tries USING btree (share_id);

CREATE OR REPLACE FUNCTION public.great_circle_meters(latitude_a double precision, longitude_a double precision, latitude_b double precision, longitude_b double precision)
 RETURNS double precision
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN ((6378137)::double precision * atan2(sqrt((power((cosd(latitude_b) * sind((longitude_b - longitude_a))), (2)::double precision) + power(((cosd(latitude_a) * sind(latitude_b)) - ((sind(latitude_a) * cosd(latitude_b)) * cosd((longitude_b - longitude_a)))), (2)::double precision))), ((sind(latitude_a) * sind(latitude_b)) + ((cosd(latitude_a) * cosd(latitude_b)) * cosd((longitude_b - longitude_a))))))
;
