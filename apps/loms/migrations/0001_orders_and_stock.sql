-- Orders, the stock that they reserve, and the ledger from which every stock level can be recomputed.

create type order_status as enum ('new', 'awaiting_payment', 'failed', 'paid', 'canceled');
create type cancel_reason as enum ('requested', 'payment_deadline');

-- Each value stands for a block of 1,000 ids, so that a replica takes one round trip for 1,000 orders. Ids are unique
-- over orders and reservations, which share the ledger; over replicas they do not tell which came first.
create sequence id_blocks;

create table orders (
  id bigint primary key,
  user_id bigint not null check (user_id > 0),
  -- 'new' lasts no longer than the transaction that creates the order, so no stored order has it.
  status order_status not null check (status <> 'new'),
  -- The number of its history rows.
  version int not null check (version > 0),
  currency_code text check (currency_code ~ '^[A-Z]{3}$'),
  total_minor bigint check (total_minor >= 0),
  cancel_reason cancel_reason,
  -- Of a failed order: [{"sku", "requested", "available"}].
  shortages jsonb,
  created_at timestamptz not null,
  payment_due_at timestamptz not null,
  check ((currency_code is null) = (total_minor is null)),
  check ((cancel_reason is not null) = (status = 'canceled')),
  check ((shortages is not null) = (status = 'failed'))
) with (fillfactor = 80);

create index orders_by_user on orders (user_id, created_at, id);
create index orders_by_status on orders (status, created_at, id);

create table order_lines (
  order_id bigint not null references orders (id),
  sku bigint not null check (sku > 0),
  quantity int not null check (quantity > 0),
  -- As they were when the order was placed.
  name text not null,
  unit_price_minor bigint check (unit_price_minor >= 0),
  primary key (order_id, sku)
);

create table order_history (
  order_id bigint not null references orders (id),
  version int not null check (version > 0),
  status order_status not null,
  cancel_reason cancel_reason,
  changed_at timestamptz not null,
  -- Which transaction wrote it. Rows of transactions below pg_snapshot_xmin are complete, so a reader that goes by
  -- this column misses none; one that went by a serial number would, because numbers are given before commits.
  transaction_id xid8 not null default pg_current_xact_id(),
  primary key (order_id, version)
);

create index order_history_by_transaction on order_history (transaction_id);

-- One row: which history of transaction numbers the cursors of WatchOrders belong to. A restored dump counts
-- transactions anew, which shows in the system identifier.
create table feed_epoch (
  only_row boolean primary key default true check (only_row),
  epoch uuid not null default gen_random_uuid(),
  system_identifier bigint not null
);

-- What each warehouse has. Changed only together with a ledger or receipt row.
create table stock_levels (
  sku bigint not null check (sku > 0),
  warehouse_id bigint not null check (warehouse_id > 0),
  -- Physically there.
  on_hand int not null,
  -- Promised to unpaid orders and to reservations, still there.
  reserved int not null default 0,
  primary key (sku, warehouse_id),
  check (reserved between 0 and on_hand)
) with (fillfactor = 70);

create table stock_receipts (
  id bigint generated always as identity primary key,
  sku bigint not null,
  warehouse_id bigint not null,
  quantity int not null check (quantity > 0),
  received_at timestamptz not null default now(),
  foreign key (sku, warehouse_id) references stock_levels (sku, warehouse_id)
);

create type ledger_entry as enum ('reserved', 'committed', 'released', 'expired');

-- Two-phase holds. Rows are never changed: a hold is one row, its resolution another, and the primary key lets a hold
-- be made once and be resolved once. No foreign key to stock_levels: its check would put a share lock on the very row
-- that all buyers of a SKU wait for, and stock levels are never deleted.
create table reservation_ledger (
  -- The order, or the reservation of another backend, that holds the units.
  holder_id bigint not null,
  sku bigint not null,
  warehouse_id bigint not null,
  resolves boolean not null,
  entry ledger_entry not null,
  quantity int not null check (quantity > 0),
  recorded_at timestamptz not null default now(),
  primary key (holder_id, sku, warehouse_id, resolves),
  check (resolves = (entry <> 'reserved'))
);

create type reservation_status as enum ('held', 'committed', 'released', 'expired');

-- Holds of other backends (InventoryService). An order's hold has its order instead.
create table reservations (
  id bigint primary key,
  status reservation_status not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);

-- What is to happen to an order or reservation at a time, unless its step is over by then: then nothing does.
create table timers (
  due_at timestamptz not null,
  subject_id bigint not null,
  kind text not null,
  -- The version of the order that started it.
  step int not null,
  primary key (due_at, subject_id, kind)
);

-- One row per intent that a caller has named, written in the transaction of its effect.
create table idempotency_keys (
  caller text not null,
  method text not null,
  key text not null,
  -- SHA-256 of what was asked.
  request_hash bytea not null,
  -- The order, reservation or receipt that it made; 0 if that has no id.
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
