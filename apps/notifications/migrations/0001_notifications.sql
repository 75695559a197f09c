-- What was told to whom, and how far it got on the channels that lead out of the house.

-- Where a user's notifications go, besides the list and the stream.
create table preferences (
  user_id bigint primary key check (user_id > 0),
  -- Empty: no e-mail.
  email_address text not null,
  -- Empty: no webhook.
  webhook_url text not null,
  -- Signs the webhook's body. Never leaves this service.
  webhook_secret text not null,
  updated_at timestamptz not null default now(),
  check ((webhook_url = '') = (webhook_secret = ''))
);

-- One for each event and recipient. Rows are never changed.
create table notifications (
  id bigint generated always as identity primary key,
  event_id text not null,
  user_id bigint not null check (user_id > 0),
  order_id bigint not null,
  event_type text not null,
  title text not null,
  body text not null,
  -- Of the event's handling: the parent of its deliveries.
  traceparent text not null,
  created_at timestamptz not null default now(),
  -- Which transaction wrote it. Rows of transactions below pg_snapshot_xmin are complete, so a reader that goes by
  -- this column misses none; one that went by the id would, because ids are given before commits.
  transaction_id xid8 not null default pg_current_xact_id(),
  unique (event_id, user_id)
);

create index notifications_by_user on notifications (user_id, id);
create index notifications_by_transaction on notifications (transaction_id, id);
create index notifications_by_user_and_transaction on notifications (user_id, transaction_id, id);

create type channel as enum ('log', 'email', 'webhook');
create type delivery_status as enum ('pending', 'delivered', 'failed');

-- One for each notification and channel that its user had chosen when it was made.
create table deliveries (
  id bigint generated always as identity primary key,
  notification_id bigint not null references notifications (id),
  user_id bigint not null,
  channel channel not null,
  status delivery_status not null default 'pending',
  -- Tries that were begun. Also tells a try from the next one, so that a late answer can not overwrite a newer one.
  attempts int not null default 0,
  -- What the last try answered, if it failed. Holds no secret: it is shown to the user.
  last_error text not null default '',
  created_at timestamptz not null default now(),
  -- When the next try is due; null once there will be none.
  next_attempt_at timestamptz default now(),
  -- Until then one process has it in hand. A process that was killed loses it then.
  claimed_until timestamptz,
  unique (notification_id, channel),
  check ((next_attempt_at is null) = (status <> 'pending')),
  check (claimed_until is null or status = 'pending')
) with (fillfactor = 80);

create index deliveries_due on deliveries (channel, next_attempt_at, id) where status = 'pending';
create index deliveries_by_user on deliveries (user_id, id);

-- One row: which history of transaction numbers the cursors of WatchNotifications belong to. A restored dump counts
-- transactions anew, which shows in the system identifier.
create table feed_epoch (
  only_row boolean primary key default true check (only_row),
  epoch uuid not null default gen_random_uuid(),
  system_identifier bigint not null
);

-- Events whose effect is in this database.
create table inbox (
  consumer_group text not null,
  event_id text not null,
  handled_at timestamptz not null default now(),
  primary key (consumer_group, event_id)
);
