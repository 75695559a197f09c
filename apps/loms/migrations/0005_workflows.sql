-- An order's life after its creation.

-- Each definition that any order began with, as data: so that whoever looks at the tables can follow their history.
-- Written when a service starts that knows it; a version never changes.
create table workflow_definitions (
  name text not null,
  version smallint not null check (version > 0),
  -- Not jsonb, which forgets the order of machines.
  definition json not null,
  primary key (name, version)
);

create type order_workflow as enum ('product', 'service', 'simple');

alter table orders
  -- Which definition the order began with: it stays with it whatever later versions say.
  add column workflow order_workflow not null default 'product',
  add column workflow_version smallint not null default 1 check (workflow_version > 0),
  -- The version at which the order came into its present state. Timers name it: one of an earlier step does nothing.
  add column step int not null default 2 check (step > 0),
  -- Of finished refunds.
  add column refunded_minor bigint not null default 0 check (refunded_minor between 0 and total_minor);

-- Who did what. Null for the two rows with which an order is born.
alter table order_history
  -- P, A, S or B: the platform, its administrators, a seller, the buyer.
  add column role text check (role in ('P', 'A', 'S', 'B')),
  -- "user:7", "service:payments", "timer", or "workflow" for what followed from the row before.
  add column actor text,
  add column action text,
  -- Set if the row is about an item: which, and where it and its refund stand after it.
  add column sku bigint,
  add column item_state text,
  add column refund_id bigint,
  add column refund_kind text,
  add column refund_state text,
  -- What the workflow calls that which happened, and the type of the event that tells it.
  add column event text,
  add column event_type text,
  add column parameters jsonb,
  add check ((role is null) = (action is null) and (role is null) = (actor is null)),
  add check (sku is not null or (item_state is null and refund_id is null)),
  add check ((refund_id is null) = (refund_state is null) and (refund_id is null) = (refund_kind is null));

alter table order_lines
  -- What else the buyer was shown: [{"name", "value"}].
  add column attributes jsonb;

-- Where an item stands, from the first action that was about it. Without a row it stands where payment put it.
create table order_items (
  order_id bigint not null,
  sku bigint not null,
  state text not null,
  primary key (order_id, sku)
);

-- Every request for a refund, also after it ended: an item may have one after the other, but one open at a time.
create sequence refund_ids;

create table refund_sheets (
  -- From refund_ids. The payment service knows the refund by it.
  id bigint primary key,
  order_id bigint not null,
  sku bigint not null,
  -- Counts 1, 2 … per item.
  number int not null check (number > 0),
  kind text not null check (kind in ('pre_shipping', 'refund_only', 'with_return', 'anytime', 'expiration')),
  state text not null,
  is_open boolean not null,
  -- The version of the order at which the sheet came into its state. Timers name it.
  step int not null check (step > 0),
  amount_minor bigint not null check (amount_minor >= 0),
  reason text not null,
  memo text not null,
  picture_urls jsonb not null,
  -- Of the parcel in which the goods came back.
  carrier text not null default '',
  tracking_number text not null default '',
  -- Why the payment service could not give the money back.
  failure_code text not null default '',
  created_at timestamptz not null,
  changed_at timestamptz not null
);

create unique index refund_sheets_one_open on refund_sheets (order_id, sku) where is_open;
create unique index refund_sheets_by_number on refund_sheets (order_id, sku, number);

-- What an order has beside its lines, from the first action that needs it.
create table order_fulfillments (
  order_id bigint primary key,
  shipping_address jsonb,
  shipping_fee_minor bigint check (shipping_fee_minor >= 0),
  carrier text not null default '',
  tracking_number text not null default '',
  shipped_at timestamptz,
  -- What was given back for the order as a whole, by others than its refunds.
  refunded_elsewhere_minor bigint not null default 0 check (refunded_elsewhere_minor >= 0),
  -- What the workflow notes while the order is in its state, such as that the buyer may put off its completion.
  flags text[] not null default '{}'
);

-- Units that had left stock for an order and are there again. Rows are never changed; the primary key lets a unit come
-- back once.
create table stock_returns (
  order_id bigint not null,
  sku bigint not null,
  warehouse_id bigint not null,
  quantity int not null check (quantity > 0),
  reason text not null check (reason in ('canceled', 'refunded_before_shipping', 'returned')),
  -- Of the order: the step that brought them back.
  version int not null check (version > 0),
  recorded_at timestamptz not null default now(),
  primary key (order_id, sku, warehouse_id)
);

alter table timers
  -- The item that it is about; 0: the order as a whole.
  add column sku bigint not null default 0,
  -- Set while the timer stands still, which is due in eternity: what was left of it.
  add column remaining_ms bigint check (remaining_ms >= 0),
  add check ((remaining_ms is not null) = (due_at = 'infinity'));
-- By kind first: each kind is looked for by itself, and an idle look costs one probe however many timers wait.
alter table timers drop constraint timers_pkey;
alter table timers add primary key (kind, due_at, subject_id, sku);
-- Every order starts one payment deadline, which ends by itself within minutes; only longer waits need to be found.
create index timers_by_subject on timers (subject_id) where kind <> 'payment_deadline';

alter table idempotency_keys
  -- Of an action: the order's version after it.
  add column version int;
