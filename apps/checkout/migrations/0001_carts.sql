-- Carts, and the purchases that they became.

create table carts (
  user_id bigint primary key check (user_id > 0),
  -- Part of the idempotency keys that LOMS gets. User and version alone would come back after this database was lost,
  -- and LOMS would answer with an order of the cart's former life.
  cart_id uuid not null unique default gen_random_uuid(),
  -- Moves with each change of the lines; 0 before the first one.
  version bigint not null default 0 check (version >= 0)
);

create table cart_lines (
  user_id bigint not null references carts (user_id),
  sku bigint not null check (sku between 1 and 4294967295),
  quantity int not null check (quantity between 1 and 1000000),
  primary key (user_id, sku)
);

create type purchase_status as enum ('pending', 'awaiting_payment', 'failed');

-- What a version of a cart became: first the intent, then also the order that LOMS made of it. A retry sends what is
-- stored here, so that it is the same request whatever the catalogue says by then.
create table purchases (
  user_id bigint not null references carts (user_id),
  cart_version bigint not null check (cart_version > 0),
  idempotency_key text not null unique,
  -- [{"sku", "quantity", "name", "unitPriceMinor"}], by SKU, as they were shown to the buyer.
  lines jsonb not null,
  currency_code text not null check (currency_code ~ '^[A-Z]{3}$'),
  total_minor bigint not null check (total_minor between 0 and 1000000000000000),
  -- 'pending' until LOMS's answer is recorded; then what the order became when it was created.
  status purchase_status not null default 'pending',
  order_id bigint unique,
  -- Of a failed order: [{"sku", "requested", "available"}].
  shortages jsonb,
  -- The cart's version once the answer had been recorded: while the cart has it, nobody has touched the cart since.
  version_after bigint,
  created_at timestamptz not null default now(),
  recorded_at timestamptz,
  primary key (user_id, cart_version),
  unique (user_id, version_after),
  check (version_after > cart_version),
  check ((order_id is null) = (status = 'pending')),
  check ((version_after is null) = (status = 'pending')),
  check ((recorded_at is null) = (status = 'pending')),
  check ((shortages is not null) = (status = 'failed'))
);
