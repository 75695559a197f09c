-- Sessions at tables: who sits there, what was ordered, and every change of it.

create type session_state as enum ('open', 'closing', 'closed');

create table sessions (
  id bigint generated always as identity primary key,
  location_id bigint not null references locations (id),
  name text not null check (length(name) between 1 and 100),
  state session_state not null default 'open',
  -- What guests type; the last one of a closed session, which nobody joins any more.
  code text not null,
  -- How often code and link were replaced. The link's secret is made of it.
  rotation int not null default 0,
  -- Grows by one with each row of session_changes.
  version int not null default 0,
  currency_code text not null check (currency_code ~ '^[A-Z]{3}$'),
  -- What was paid of bills, by card or cash, in minor units.
  paid_minor bigint not null default 0 check (paid_minor >= 0),
  opened_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
  closed_at timestamptz,
  -- Of a forced close.
  close_reason text not null default '',
  -- Who asked for the forced close, and the trace of that call: whoever finishes it goes on in its name.
  close_actor_user_id bigint,
  close_traceparent text not null default '',
  -- Tries to finish it, and when the next one is due.
  close_attempts int not null default 0,
  close_due_at timestamptz,
  -- Who opened it with which key.
  opened_by text not null,
  idempotency_key text,
  request_hash bytea not null,
  check ((state = 'closed') = (closed_at is not null)),
  check ((state = 'closing') = (close_due_at is not null))
);

-- A name is free again once its session is closed.
create unique index sessions_open_by_name on sessions (location_id, name) where state <> 'closed';
create unique index sessions_by_key on sessions (opened_by, idempotency_key) where idempotency_key is not null;
create index sessions_by_location on sessions (location_id, id);
create index sessions_closing on sessions (close_due_at, id) where state = 'closing';

-- Codes that lead to a session. A replaced one stays for a while: it leads those who may see the session to it, lets
-- nobody join, and is not given out again.
create table session_codes (
  code text primary key check (code ~ '^[2-9A-HJKMNP-Z]{6}$'),
  session_id bigint not null references sessions (id),
  -- Null while it can be joined with.
  retired_at timestamptz
);

create index session_codes_by_session on session_codes (session_id);
create index session_codes_retired on session_codes (retired_at) where retired_at is not null;

-- 2^52: no user of identity has such an id, and a double still holds it.
create sequence guest_ids as bigint minvalue 4503599627370496;

create table guests (
  id bigint primary key default nextval('guest_ids'),
  session_id bigint not null references sessions (id),
  nickname text not null check (length(nickname) between 1 and 50),
  -- The table itself, for which staff order. Nobody has a token of it.
  is_table boolean not null default false,
  -- SHA-256. Null once it was taken away, or the session was closed.
  token_hash bytea check (length(token_hash) = 32),
  joined_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
  removed_at timestamptz,
  check (not is_table or (token_hash is null and removed_at is null)),
  check (removed_at is null or token_hash is null)
);

create unique index guests_by_token on guests (token_hash) where token_hash is not null;
create unique index guests_table on guests (session_id) where is_table;
create index guests_by_session on guests (session_id, id);

create type session_order_status as enum (
  'placing', 'placed', 'accepted', 'preparing', 'served', 'paid', 'declined', 'canceled'
);

-- This service's view of a session's orders. A row is there before LOMS is asked for the order, so that an order which
-- LOMS has made is found again, whoever dies.
create table session_orders (
  -- Names the order towards LOMS: the same id, the same order.
  id bigint generated always as identity primary key,
  session_id bigint not null references sessions (id),
  guest_id bigint not null references guests (id),
  -- Who placed it, if that was staff.
  staff_user_id bigint,
  -- Whose key it is: "guest:4503599627370497", "user:3".
  placed_by text not null,
  idempotency_key text not null,
  request_hash bytea not null,
  -- [{"sku": 3000000000, "quantity": 2, "name": "Espresso", "unit_price_minor": "250", "note": ""}, …]
  lines jsonb not null,
  note text not null,
  total_minor bigint not null check (total_minor >= 0),
  traceparent text not null,
  -- Null while it is being placed.
  order_id bigint unique,
  status session_order_status not null default 'placing',
  -- Of the order in LOMS; 0 while it is being placed.
  version int not null default 0,
  -- Why it was declined or canceled.
  reason text not null default '',
  -- The bill that it is on.
  bill_id bigint,
  placed_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
  changed_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
  -- Tries of the recovery, and when it is due again.
  attempts int not null default 0,
  next_try_at timestamptz not null,
  unique (session_id, placed_by, idempotency_key),
  check ((order_id is null) = (status = 'placing')),
  check ((order_id is null) = (version = 0))
);

create index session_orders_by_session on session_orders (session_id, id);
create index session_orders_placing on session_orders (next_try_at, id) where status = 'placing';
-- What kitchens have to do.
create index session_orders_unserved on session_orders (session_id, placed_at, id)
  where status in ('placed', 'accepted', 'preparing');

-- News of orders that came before the row of the order knew its id. The one who records the id applies and removes them.
create table order_news (
  order_id bigint primary key,
  session_id bigint not null,
  status session_order_status not null,
  version int not null,
  reason text not null,
  heard_at timestamptz not null default now()
);

-- Each change of each session, as it is told to those who watch. Rows are never changed.
create table session_changes (
  session_id bigint not null references sessions (id),
  version int not null,
  location_id bigint not null,
  -- ordermesh.tables.v1.SessionChange.
  change bytea not null,
  changed_at timestamptz not null default clock_timestamp(),
  -- Which transaction wrote it. Rows of transactions below pg_snapshot_xmin are complete, so a reader that goes by
  -- this column misses none. It is taken under the session's lock, so that a session's versions are in its order.
  transaction_id xid8 not null default pg_current_xact_id(),
  primary key (session_id, version)
);

create index session_changes_by_transaction on session_changes (transaction_id, session_id, version);
create index session_changes_by_location on session_changes (location_id, transaction_id, session_id, version);

-- One row: which history of transaction numbers the cursors of watchers belong to. A restored dump counts transactions
-- anew, which shows in the system identifier.
create table feed_epoch (
  only_row boolean primary key default true check (only_row),
  epoch uuid not null default gen_random_uuid(),
  system_identifier bigint not null
);

-- Tries to join: of an address, and wrong codes over all.
create table join_limits (
  subject bytea primary key check (length(subject) = 32),
  -- By then all tries are used up that were made; further ones push it on.
  free_at timestamptz not null
);

create index join_limits_by_time on join_limits (free_at);
