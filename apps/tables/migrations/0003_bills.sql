-- Bills: what served orders cost, divided among those who pay. Whoever writes here has locked the session first.

create type bill_state as enum ('open', 'settled', 'void');
create type share_state as enum ('unpaid', 'processing', 'paid');
create type settlement_kind as enum ('card', 'cash', 'written_off');

create table bills (
  id bigint generated always as identity primary key,
  session_id bigint not null references sessions (id),
  state bill_state not null default 'open',
  total_minor bigint not null check (total_minor >= 0),
  -- Who made it: "guest:4503599627370497", "user:3".
  made_by text not null,
  -- Of the call that made it; what becomes of it by itself is traced to it.
  traceparent text not null,
  made_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
  -- When it was settled or taken back.
  ended_at timestamptz,
  check ((state = 'open') = (ended_at is null))
);

create index bills_by_session on bills (session_id, id);

alter table session_orders add foreign key (bill_id) references bills (id);

create table bill_orders (
  bill_id bigint not null references bills (id),
  -- In LOMS.
  order_id bigint not null references session_orders (order_id),
  total_minor bigint not null check (total_minor >= 0),
  -- False once the bill was taken back.
  is_live boolean not null default true,
  -- Of a settled bill: when LOMS is to be told that the order is paid; null before, and once it knows.
  pay_at timestamptz,
  pay_tries int not null default 0,
  -- When LOMS knew.
  paid_at timestamptz,
  primary key (bill_id, order_id),
  check (paid_at is null or pay_at is null)
);

-- No order is paid for twice.
create unique index bill_orders_live on bill_orders (order_id) where is_live;
create index bill_orders_to_pay on bill_orders (pay_at) where pay_at is not null;

create table bill_shares (
  id bigint generated always as identity primary key,
  bill_id bigint not null references bills (id),
  position int not null,
  -- Whose it is; null: whoever pays it.
  guest_id bigint references guests (id),
  amount_minor bigint not null check (amount_minor > 0),
  state share_state not null default 'unpaid',
  settled_by settlement_kind,
  -- Of who recorded the settlement, in words.
  memo text not null default '',
  -- Of the last try, if that was declined.
  decline_code text not null default '',
  paid_at timestamptz,
  -- The last try to pay it by card, and who made it.
  try_id bigint,
  payer_guest_id bigint references guests (id),
  -- What the payment service said last about it.
  payment_id bigint,
  payment_version int not null default 0,
  -- When the payment service is to be asked what became of the try that is under way.
  check_at timestamptz,
  checks int not null default 0,
  -- What is left unpaid is to be written off, for this reason, since a forced close began.
  write_off_reason text,
  write_off_asked_at timestamptz,
  -- When the payment service is to be told that nothing may be paid any more; null when there is nothing to tell.
  cancel_at timestamptz,
  cancel_tries int not null default 0,
  unique (bill_id, position),
  check ((state = 'paid') = (settled_by is not null)),
  check ((state = 'paid') = (paid_at is not null)),
  check ((state = 'processing') = (check_at is not null)),
  check ((try_id is null) = (payer_guest_id is null)),
  check (state <> 'processing' or try_id is not null),
  check ((write_off_reason is null) = (write_off_asked_at is null))
);

create index bill_shares_to_check on bill_shares (check_at) where check_at is not null;
create index bill_shares_to_cancel on bill_shares (cancel_at) where cancel_at is not null;

-- Each try to pay a share by card. The payment service knows it by its id, so that it is made once.
create table share_tries (
  id bigint generated always as identity primary key,
  share_id bigint not null references bill_shares (id),
  guest_id bigint not null references guests (id),
  -- The guest's own name for it, and what was asked for with it (SHA-256).
  idempotency_key text not null,
  request_hash bytea not null,
  started_at timestamptz not null default now(),
  unique (guest_id, idempotency_key)
);

create index share_tries_by_share on share_tries (share_id);
