-- What the edge has to remember: the answers to writes that were named by a key, and who was who in the systems that
-- this platform replaces.

create table idempotency_records (
  -- SHA-256 of caller, method, path and key.
  scope bytea primary key check (length(scope) = 32),
  caller text not null,
  -- SHA-256 of the query and the body.
  request_hash bytea not null check (length(request_hash) = 32),
  -- The attempt that is under way, or that gave the answer.
  claim uuid not null,
  -- An attempt that has not ended by then has died, and another one may take its place.
  claimed_until timestamptz not null,
  expires_at timestamptz not null,
  -- Null while the attempt is under way.
  status int check (status between 200 and 499),
  content_type text,
  body text,
  check ((status is null) = (body is null) and (status is null) = (content_type is null))
);

create index idempotency_records_by_expiry on idempotency_records (expires_at);

-- AngelProj named products and clients by UUIDs.
create table product_aliases (
  product_id uuid primary key,
  sku bigint not null check (sku between 1 and 4294967295)
);

create table client_aliases (
  client_id uuid primary key,
  user_id bigint not null check (user_id > 0)
);

create index client_aliases_by_user on client_aliases (user_id);

-- A checkout of a cart that has begun and not ended: from it, the next one goes on.
create table open_checkouts (
  client_id uuid primary key references client_aliases (client_id),
  cart_version bigint not null check (cart_version > 0),
  started_at timestamptz not null default now()
);

-- The one product that AngelProj came with.
insert into product_aliases (product_id, sku) values ('dfb1c7c9-f4a5-11ea-be85-0242ac120002', 9000001);
