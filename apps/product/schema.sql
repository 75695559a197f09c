-- What the migrations of this service add up to. Written by `pnpm schema`, compared in CI.

create type product_kind as enum ('physical', 'menu_item', 'service');

create table products (
  sku bigint not null,
  name text not null,
  currency_code text not null,
  price_minor bigint not null,
  kind product_kind not null,
  location_id bigint,
  updated_at timestamp with time zone not null,
  search tsvector not null generated always as (search_words(name)) stored,
  constraint products_pkey PRIMARY KEY (sku),
  constraint products_check CHECK (((location_id IS NOT NULL) = (kind = 'menu_item'::product_kind))),
  constraint products_currency_code_check CHECK ((currency_code ~ '^[A-Z]{3}$'::text)),
  constraint products_location_id_check CHECK ((location_id > 0)),
  constraint products_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  constraint products_price_minor_check CHECK (((price_minor >= 0) AND (price_minor <= '1000000000000000'::bigint))),
  constraint products_sku_check CHECK (((sku >= 1) AND (sku <= '4294967295'::bigint)))
);

create table schema_migrations (
  version integer not null,
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone not null default now(),
  constraint schema_migrations_pkey PRIMARY KEY (version)
);

CREATE INDEX products_by_word ON products USING gin (search);

CREATE OR REPLACE FUNCTION public.search_words(text)
 RETURNS tsvector
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN strip(to_tsvector('simple'::regconfig, regexp_replace(NORMALIZE($1, NFKC), '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u00d7\u00f7\u2000-\u200b\u200e-\u206f\u3000-\u3003\u3008-\u3020]'::text, ' '::text, 'g'::text)))
;
