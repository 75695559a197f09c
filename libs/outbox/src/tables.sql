-- What a service that publishes or consumes events has in its own first migration. A migration is never changed, so
-- this text is copied into it, and a test compares the tables.

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
