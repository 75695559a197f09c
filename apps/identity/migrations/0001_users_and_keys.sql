-- Users and their passwords, what came of their logins, and the keys that sign their tokens.

-- Numbers below 1000 are those of demo users.
create sequence user_ids start with 1000;

create table users (
  id bigint primary key check (id > 0),
  -- As it was written when the user registered; case makes no difference.
  username text not null check (username ~ '^[A-Za-z0-9._-]{3,64}$'),
  -- argon2id, with its parameters and salt.
  password_hash text not null check (password_hash like '$argon2id$%'),
  roles text[] not null check (roles <@ array['buyer', 'seller', 'platform', 'operator'] and cardinality(roles) > 0),
  created_at timestamptz not null
);

create unique index users_by_name on users (lower(username));

-- One login, and all that comes of it.
create table sessions (
  id uuid primary key,
  user_id bigint not null references users (id),
  created_at timestamptz not null,
  -- From then on the password is wanted again.
  expires_at timestamptz not null,
  ended_at timestamptz,
  -- 'logout', or 'reuse': one of its refresh tokens came a second time.
  end_reason text check (end_reason in ('logout', 'reuse')),
  check ((ended_at is null) = (end_reason is null))
);

create index sessions_by_expiry on sessions (expires_at);

create table refresh_tokens (
  -- SHA-256; the token itself is kept nowhere.
  token_hash bytea primary key check (length(token_hash) = 32),
  session_id uuid not null references sessions (id) on delete cascade,
  used_at timestamptz
);

create index refresh_tokens_by_session on refresh_tokens (session_id);

create table signing_keys (
  id text primary key,
  -- A JWK, as it is published.
  public_key text not null,
  -- The private JWK, encrypted with the key of the installation: see src/domain/sealed-key.ts.
  sealed_private_key bytea not null,
  -- From then on it signs, until one with a later time does.
  signs_from timestamptz not null
);

-- How soon somebody may try to log in again: one row for each name, each address and each pair of them that was tried
-- lately, by a hash.
create table login_limits (
  subject bytea primary key check (length(subject) = 32),
  -- By then all tries are used up that were made; further ones push it on.
  free_at timestamptz not null
);

create index login_limits_by_time on login_limits (free_at);
