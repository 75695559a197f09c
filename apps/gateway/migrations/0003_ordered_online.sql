-- What clients of ordered-online have instead of tokens.

-- A session key stands for a login at identity, for fourteen days.
create table session_keys (
  -- SHA-256; the key itself is kept nowhere.
  key_hash bytea primary key check (length(key_hash) = 32),
  user_id bigint not null check (user_id > 0),
  -- The access token and the refresh token, encrypted with GATEWAY_KEY.
  sealed_tokens bytea not null,
  access_expires_at timestamptz not null,
  -- While somebody trades the refresh token for the next one, which can be done once: others wait until then.
  refreshing_until timestamptz,
  expires_at timestamptz not null
);

create index session_keys_by_expiry on session_keys (expires_at);

-- The guest in whose name the gateway orders for those who have nothing but a session's code.
create table code_guests (
  session_id bigint primary key check (session_id > 0),
  -- Encrypted with GATEWAY_KEY.
  sealed_token bytea not null,
  joined_at timestamptz not null default now()
);

create index code_guests_by_time on code_guests (joined_at);
