-- What the migrations of this service add up to. Written by `pnpm schema`, compared in CI.

create sequence user_ids;

create table login_limits (
  subject bytea not null,
  free_at timestamp with time zone not null,
  constraint login_limits_pkey PRIMARY KEY (subject),
  constraint login_limits_subject_check CHECK ((length(subject) = 32))
);

create table refresh_tokens (
  token_hash bytea not null,
  session_id uuid not null,
  used_at timestamp with time zone,
  constraint refresh_tokens_pkey PRIMARY KEY (token_hash),
  constraint refresh_tokens_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions(id) ON DELETE CASCADE,
  constraint refresh_tokens_token_hash_check CHECK ((length(token_hash) = 32))
);

create table schema_migrations (
  version integer not null,
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone not null default now(),
  constraint schema_migrations_pkey PRIMARY KEY (version)
);

create table sessions (
  id uuid not null,
  user_id bigint not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  end_reason text,
  constraint sessions_pkey PRIMARY KEY (id),
  constraint sessions_check CHECK (((ended_at IS NULL) = (end_reason IS NULL))),
  constraint sessions_end_reason_check CHECK ((end_reason = ANY (ARRAY['logout'::text, 'reuse'::text]))),
  constraint sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id)
);

create table signing_keys (
  id text not null,
  public_key text not null,
  sealed_private_key bytea not null,
  signs_from timestamp with time zone not null,
  constraint signing_keys_pkey PRIMARY KEY (id)
);

create table users (
  id bigint not null,
  username text not null,
  password_hash text not null,
  roles text[] not null,
  created_at timestamp with time zone not null,
  email text not null default ''::text,
  first_name text not null default ''::text,
  last_name text not null default ''::text,
  constraint users_pkey PRIMARY KEY (id),
  constraint users_email_check CHECK ((length(email) <= 254)),
  constraint users_first_name_check CHECK ((length(first_name) <= 100)),
  constraint users_id_check CHECK ((id > 0)),
  constraint users_last_name_check CHECK ((length(last_name) <= 100)),
  constraint users_password_hash_check CHECK ((password_hash ~~ '$argon2id$%'::text)),
  constraint users_roles_check CHECK (((roles <@ ARRAY['buyer'::text, 'seller'::text, 'platform'::text, 'operator'::text]) AND (cardinality(roles) > 0))),
  constraint users_username_check CHECK ((username ~ '^[A-Za-z0-9._-]{3,64}$'::text))
);

CREATE INDEX login_limits_by_time ON login_limits USING btree (free_at);

CREATE INDEX refresh_tokens_by_session ON refresh_tokens USING btree (session_id);

CREATE INDEX sessions_by_expiry ON sessions USING btree (expires_at);

CREATE UNIQUE INDEX users_by_name ON users USING btree (lower(username));
