-- What guests read about a menu item, and looking for it.

alter table products
  add column description text not null default '',
  add column categories text[] not null default '{}',
  add column tags text[] not null default '{}',
  add column additives text[] not null default '{}',
  -- The same, and the name, without the differences that make no difference, such as upper case: as they are searched for.
  add column category_keys text[] not null default '{}',
  add column tag_keys text[] not null default '{}',
  add column additive_keys text[] not null default '{}',
  add column name_key text not null default '',
  add column is_sold_out boolean not null default false,
  -- Taken off the menu, and kept for the orders that have it.
  add column is_off_menu boolean not null default false,
  add constraint only_menu_items_have_details check (
    kind = 'menu_item'
    or (
      description = '' and categories = '{}' and tags = '{}' and additives = '{}' and not is_sold_out and not is_off_menu
    )
  );

-- Menu items that are there already. From now on the service writes this.
update products set name_key = lower(regexp_replace(btrim(name), '\s+', ' ', 'g')) where kind = 'menu_item';

-- A menu does not name two things alike. Where one does, the newer ones are taken off it.
update products set is_off_menu = true
where sku in (
  select sku from (
    select sku, row_number() over (partition by location_id, name_key order by sku) as place
    from products where kind = 'menu_item'
  ) as named
  where place > 1
);

-- Also how a whole menu is found.
create unique index menus_by_name on products (location_id, name_key) where kind = 'menu_item' and not is_off_menu;
create index menus_by_word on products using gin (category_keys, tag_keys, additive_keys)
  where kind = 'menu_item' and not is_off_menu;
