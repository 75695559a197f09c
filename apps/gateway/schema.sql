-- What the migrations of this service add up to. Written by `pnpm schema`, compared in CI.

create table client_aliases (
  client_id uuid not null,
  user_id bigint not null,
  constraint client_aliases_pkey PRIMARY KEY (client_id),
  constraint client_aliases_user_id_check CHECK ((user_id > 0))
);

create table code_guests (
  session_id bigint not null,
  sealed_token bytea not null,
  joined_at timestamp with time zone not null default now(),
  constraint code_guests_pkey PRIMARY KEY (session_id),
  constraint code_guests_session_id_check CHECK ((session_id > 0))
);

create table idempotency_records (
  scope bytea not null,
  caller text not null,
  request_hash bytea not null,
  claim uuid not null,
  claimed_until timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  status integer,
  content_type text,
  body text,
  constraint idempotency_records_pkey PRIMARY KEY (scope),
  constraint idempotency_records_check CHECK ((((status IS NULL) = (body IS NULL)) AND ((status IS NULL) = (content_type IS NULL)))),
  constraint idempotency_records_request_hash_check CHECK ((length(request_hash) = 32)),
  constraint idempotency_records_scope_check CHECK ((length(scope) = 32)),
  constraint idempotency_records_status_check CHECK (((status >= 200) AND (status <= 499)))
);

create table open_checkouts (
  client_id uuid not null,
  cart_version bigint not null,
  started_at timestamp with time zone not null default now(),
  constraint open_checkouts_pkey PRIMARY KEY (client_id),
  constraint open_checkouts_cart_version_check CHECK ((cart_version > 0)),
  constraint open_checkouts_client_id_fkey FOREIGN KEY (client_id) REFERENCES client_aliases(client_id)
);

create table product_aliases (
  product_id uuid not null,
  sku bigint not null,
  constraint product_aliases_pkey PRIMARY KEY (product_id),
  constraint product_aliases_sku_check CHECK (((sku >= 1) AND (sku <= '4294967295'::bigint)))
);

create table schema_migrations (
  version integer not null,
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone not null default now(),
  constraint schema_migrations_pkey PRIMARY KEY (version)
);

create table session_keys (
  key_hash bytea not null,
  user_id bigint not null,
  sealed_tokens bytea not null,
  access_expires_at timestamp with time zone not null,
  refreshing_until timestamp with time zone,
  expires_at timestamp with time zone not null,
  constraint session_keys_pkey PRIMARY KEY (key_hash),
  constraint session_keys_key_hash_check CHECK ((length(key_hash) = 32)),
  constraint session_keys_user_id_check CHECK ((user_id > 0))
);

CREATE INDEX client_aliases_by_user ON client_aliases USING btree (user_id);

CREATE INDEX code_guests_by_time ON code_guests USING btree (joined_at);

CREATE INDEX idempotency_records_by_expiry ON idempotency_records USING btree (expires_at);

CREATE INDEX session_keys_by_expiry ON session_keys USING btree (expires_at);
