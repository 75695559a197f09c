-- Where people sit down and order: locations and who works there. Their menus are the catalogue's.

-- Along a great circle of a sphere with the Earth's equatorial radius, in meters; positions in degrees. This form is
-- exact for neighbors and for antipodes; the law of cosines is for neither.
create function great_circle_meters(
  latitude_a double precision, longitude_a double precision, latitude_b double precision, longitude_b double precision
) returns double precision
  language sql immutable strict parallel safe
  return 6378137 * atan2(
    sqrt(
      power(cosd(latitude_b) * sind(longitude_b - longitude_a), 2)
      + power(
        cosd(latitude_a) * sind(latitude_b)
          - sind(latitude_a) * cosd(latitude_b) * cosd(longitude_b - longitude_a),
        2
      )
    ),
    sind(latitude_a) * sind(latitude_b) + cosd(latitude_a) * cosd(latitude_b) * cosd(longitude_b - longitude_a)
  );

create table locations (
  id bigint generated always as identity primary key,
  owner_user_id bigint not null check (owner_user_id > 0),
  name text not null check (length(name) between 1 and 200),
  -- Name and address without the differences that make no difference, such as upper case. No two locations share one.
  name_key text not null,
  address text not null check (length(address) between 1 and 500),
  address_key text not null,
  description text not null,
  -- In degrees. Both or none.
  latitude double precision check (latitude between -90 and 90),
  longitude double precision check (longitude between -180 and 180),
  website text not null,
  telephone text not null,
  categories text[] not null,
  tags text[] not null,
  -- The same, as they are searched for.
  category_keys text[] not null,
  tag_keys text[] not null,
  -- [{"weekday": 1, "opens": "11:30", "closes": "24:00"}, …]
  opening_hours jsonb not null,
  -- What its prices are in. It never changes: prices and bills would say something else than before.
  currency_code text not null check (currency_code ~ '^[A-Z]{3}$'),
  created_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
  check ((latitude is null) = (longitude is null))
);

create unique index locations_by_name on locations (name_key);
create unique index locations_by_address on locations (address_key);
-- The meridian of 180° has two longitudes, and a pole all of them.
create unique index locations_by_position on locations (
  latitude,
  (case when abs(latitude) = 90 then 0 when longitude = 180 then -180 else longitude end)
) where latitude is not null;
create index locations_by_owner on locations (owner_user_id, id);
create index locations_by_word on locations using gin (category_keys, tag_keys);
-- For what lies in a box of degrees.
create index locations_by_place on locations using gist (point(longitude, latitude));

-- Who works at a location, besides its owner.
create table location_staff (
  location_id bigint not null references locations (id),
  user_id bigint not null check (user_id > 0),
  primary key (location_id, user_id)
);

create index location_staff_by_user on location_staff (user_id, location_id);

-- SKUs of new menu items: far above those of goods, so that neither gets in the way of the other.
create sequence menu_item_skus as bigint minvalue 3000000000 maxvalue 4294967295;

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

-- Events whose effect is in this database.
create table inbox (
  consumer_group text not null,
  event_id text not null,
  handled_at timestamptz not null default now(),
  primary key (consumer_group, event_id)
);
