-- The catalogue: what a SKU is called and what it costs.

create type product_kind as enum ('physical', 'menu_item', 'service');

-- The words of a name, or of what somebody searches for: both go through here, so that they are cut in the same way.
-- Punctuation of all scripts separates words. It is named by its code points, because what the parser takes for
-- punctuation depends on the database's locale, and it would read "and/or" as a path and "-5" as a number.
create function search_words(text) returns tsvector
  language sql immutable strict parallel safe
  return strip(to_tsvector(
    'simple'::regconfig,
    regexp_replace(
      normalize($1, nfkc),
      '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u00d7\u00f7\u2000-\u200b\u200e-\u206f\u3000-\u3003\u3008-\u3020]',
      ' ',
      'g'
    )
  ));

create table products (
  sku bigint primary key check (sku between 1 and 4294967295),
  name text not null check (length(name) between 1 and 200),
  currency_code text not null check (currency_code ~ '^[A-Z]{3}$'),
  price_minor bigint not null check (price_minor between 0 and 1000000000000000),
  kind product_kind not null,
  -- Of a menu item: the location to whose menu it belongs.
  location_id bigint check (location_id > 0),
  updated_at timestamptz not null,
  search tsvector not null generated always as (search_words(name)) stored,
  check ((location_id is not null) = (kind = 'menu_item'))
);

create index products_by_word on products using gin (search);
