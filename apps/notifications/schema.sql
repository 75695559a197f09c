-- What the migrations of this service add up to. Written by `pnpm schema`, compared in CI.

create type channel as enum ('log', 'email', 'webhook', 'sms');

create type delivery_status as enum ('pending', 'delivered', 'failed');

create table deliveries (
  id bigint not null generated always as identity,
  notification_id bigint not null,
  user_id bigint not null,
  channel channel not null,
  status delivery_status not null default 'pending'::delivery_status,
  attempts integer not null default 0,
  last_error text not null default ''::text,
  created_at timestamp with time zone not null default now(),
  next_attempt_at timestamp with time zone default now(),
  claimed_until timestamp with time zone,
  constraint deliveries_pkey PRIMARY KEY (id),
  constraint deliveries_check CHECK (((next_attempt_at IS NULL) = (status <> 'pending'::delivery_status))),
  constraint deliveries_check1 CHECK (((claimed_until IS NULL) OR (status = 'pending'::delivery_status))),
  constraint deliveries_notification_id_channel_key UNIQUE (notification_id, channel),
  constraint deliveries_notification_id_fkey FOREIGN KEY (notification_id) REFERENCES notifications(id)
) with (fillfactor=80);

create table feed_epoch (
  only_row boolean not null default true,
  epoch uuid not null default gen_random_uuid(),
  system_identifier bigint not null,
  constraint feed_epoch_pkey PRIMARY KEY (only_row),
  constraint feed_epoch_only_row_check CHECK (only_row)
);

create table inbox (
  consumer_group text not null,
  event_id text not null,
  handled_at timestamp with time zone not null default now(),
  constraint inbox_pkey PRIMARY KEY (consumer_group, event_id)
);

create table notifications (
  id bigint not null generated always as identity,
  event_id text not null,
  user_id bigint not null,
  order_id bigint not null,
  event_type text not null,
  title text not null,
  body text not null,
  traceparent text not null,
  created_at timestamp with time zone not null default now(),
  transaction_id xid8 not null default pg_current_xact_id(),
  constraint notifications_pkey PRIMARY KEY (id),
  constraint notifications_event_id_user_id_key UNIQUE (event_id, user_id),
  constraint notifications_user_id_check CHECK ((user_id > 0))
);

create table preferences (
  user_id bigint not null,
  email_address text not null,
  webhook_url text not null,
  webhook_secret text not null,
  updated_at timestamp with time zone not null default now(),
  sms_disabled boolean not null default false,
  constraint preferences_pkey PRIMARY KEY (user_id),
  constraint preferences_check CHECK (((webhook_url = ''::text) = (webhook_secret = ''::text))),
  constraint preferences_user_id_check CHECK ((user_id > 0))
);

create table schema_migrations (
  version integer not null,
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone not null default now(),
  constraint schema_migrations_pkey PRIMARY KEY (version)
);

create table text_messages (
  notification_id bigint not null,
  mobile text not null,
  article text not null,
  sealed_code bytea not null,
  valid_until timestamp with time zone not null,
  other_codes integer not null,
  constraint text_messages_pkey PRIMARY KEY (notification_id),
  constraint text_messages_notification_id_fkey FOREIGN KEY (notification_id) REFERENCES notifications(id),
  constraint text_messages_other_codes_check CHECK ((other_codes >= 0))
);

CREATE INDEX deliveries_by_user ON deliveries USING btree (user_id, id);

CREATE INDEX deliveries_due ON deliveries USING btree (channel, next_attempt_at, id) WHERE (status = 'pending'::delivery_status);

CREATE INDEX deliveries_failed ON deliveries USING btree (id) WHERE (status = 'failed'::delivery_status);

CREATE INDEX notifications_by_order ON notifications USING btree (order_id, id);

CREATE INDEX notifications_by_transaction ON notifications USING btree (transaction_id, id);

CREATE INDEX notifications_by_user ON notifications USING btree (user_id, id);

CREATE INDEX notifications_by_user_and_transaction ON notifications USING btree (user_id, transaction_id, id);
