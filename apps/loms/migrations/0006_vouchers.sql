-- Service orders: what was promised, and the codes with which it is used at a counter.

-- As it was when the order was placed. Rows are never changed.
create table voucher_terms (
  order_id bigint primary key,
  -- How many codes the order gets when it is paid.
  service_times int not null check (service_times between 1 and 100),
  -- What one use is worth when the rest is given back.
  unit_price_minor bigint not null check (unit_price_minor >= 0),
  -- From this moment on codes can not be used.
  valid_until timestamptz not null,
  anytime_refund boolean not null,
  expiration_refund boolean not null,
  -- Where the first code is sent to. Empty: nowhere.
  mobile text not null
);

create type voucher_code_state as enum ('unused', 'used', 'refund_pending', 'refunded', 'expired');

-- One row for each use. Who has a copy of this table alone can use none of them.
create table voucher_codes (
  order_id bigint not null references voucher_terms (order_id),
  number int not null check (number > 0),
  -- HMAC-SHA256 of the ten digits: there are only so many codes that a plain hash would be undone in minutes.
  code_hash bytea not null unique,
  -- The ten digits, encrypted for their owner's eyes.
  sealed_code bytea not null,
  state voucher_code_state not null default 'unused',
  -- Since when it is in this state.
  changed_at timestamptz not null default now(),
  -- Who used it, and under which name of the intent: a repeated call finds that it was its own.
  used_by text,
  used_key text not null default '',
  primary key (order_id, number),
  check ((used_by is not null) = (state = 'used')),
  check (used_key = '' or state = 'used')
);

-- Who has shown codes that do not exist: so many at once, and one more after each interval.
create table voucher_guesses (
  caller text primary key,
  -- When all tries are free again.
  free_at timestamptz not null
);
