-- What the migrations of this service add up to. Written by `pnpm schema`, compared in CI.

create type purchase_status as enum ('pending', 'awaiting_payment', 'failed');

create table cart_lines (
  user_id bigint not null,
  sku bigint not null,
  quantity integer not null,
  constraint cart_lines_pkey PRIMARY KEY (user_id, sku),
  constraint cart_lines_quantity_check CHECK (((quantity >= 1) AND (quantity <= 1000000))),
  constraint cart_lines_sku_check CHECK (((sku >= 1) AND (sku <= '4294967295'::bigint))),
  constraint cart_lines_user_id_fkey FOREIGN KEY (user_id) REFERENCES carts(user_id)
);

create table carts (
  user_id bigint not null,
  cart_id uuid not null default gen_random_uuid(),
  version bigint not null default 0,
  constraint carts_pkey PRIMARY KEY (user_id),
  constraint carts_cart_id_key UNIQUE (cart_id),
  constraint carts_user_id_check CHECK ((user_id > 0)),
  constraint carts_version_check CHECK ((version >= 0))
);

create table purchases (
  user_id bigint not null,
  cart_version bigint not null,
  idempotency_key text not null,
  lines jsonb not null,
  currency_code text not null,
  total_minor bigint not null,
  status purchase_status not null default 'pending'::purchase_status,
  order_id bigint,
  shortages jsonb,
  version_after bigint,
  created_at timestamp with time zone not null default now(),
  recorded_at timestamp with time zone,
  constraint purchases_pkey PRIMARY KEY (user_id, cart_version),
  constraint purchases_cart_version_check CHECK ((cart_version > 0)),
  constraint purchases_check CHECK ((version_after > cart_version)),
  constraint purchases_check1 CHECK (((order_id IS NULL) = (status = 'pending'::purchase_status))),
  constraint purchases_check2 CHECK (((version_after IS NULL) = (status = 'pending'::purchase_status))),
  constraint purchases_check3 CHECK (((recorded_at IS NULL) = (status = 'pending'::purchase_status))),
  constraint purchases_check4 CHECK (((shortages IS NOT NULL) = (status = 'failed'::purchase_status))),
  constraint purchases_currency_code_check CHECK ((currency_code ~ '^[A-Z]{3}$'::text)),
  constraint purchases_idempotency_key_key UNIQUE (idempotency_key),
  constraint purchases_order_id_key UNIQUE (order_id),
  constraint purchases_total_minor_check CHECK (((total_minor >= 0) AND (total_minor <= '1000000000000000'::bigint))),
  constraint purchases_user_id_fkey FOREIGN KEY (user_id) REFERENCES carts(user_id),
  constraint purchases_user_id_version_after_key UNIQUE (user_id, version_after)
);

create table schema_migrations (
  version integer not null,
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone not null default now(),
  constraint schema_migrations_pkey PRIMARY KEY (version)
);
