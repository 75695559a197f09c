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
  description text not null default ''::text,
  categories text[] not null default '{}'::text[],
  tags text[] not null default '{}'::text[],
  additives text[] not null default '{}'::text[],
  category_keys text[] not null default '{}'::text[],
  tag_keys text[] not null default '{}'::text[],
  additive_keys text[] not null default '{}'::text[],
  name_key text not null default ''::text,
  is_sold_out boolean not null default false,
  is_off_menu boolean not null default false,
  constraint products_pkey PRIMARY KEY (sku),
  constraint only_menu_items_have_details CHECK (((kind = 'menu_item'::product_kind) OR ((description = ''::text) AND (categories = '{}'::text[]) AND (tags = '{}'::text[]) AND (additives = '{}'::text[]) AND (NOT is_sold_out) AND (NOT is_off_menu)))),
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

CREATE UNIQUE INDEX menus_by_name ON products USING btree (location_id, name_key) WHERE ((kind = 'menu_item'::product_kind) AND (NOT is_off_menu));

CREATE INDEX menus_by_word ON products USING gin (category_keys, tag_keys, additive_keys) WHERE ((kind = 'menu_item'::product_kind) AND (NOT is_off_menu));

CREATE INDEX products_by_word ON products USING gin (search);

CREATE OR REPLACE FUNCTION public.search_words(text)
 RETURNS tsvector
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN strip(to_tsvector('simple'::regconfig, regexp_replace(NORMALIZE($1, NFKC), '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u00d7\u00f7\u2000-\u200b\u200e-\u206f\u3000-\u3003\u3008-\u3020]'::text, ' '::text, 'g'::text)))
;
