-- What a service with a feed has in its own first migration, besides this column in the table that is streamed:
--
--   -- Which transaction wrote it. Rows of transactions below pg_snapshot_xmin are complete, so a reader that goes by
--   -- this column misses none; one that went by a serial number would, because numbers are given before commits.
--   transaction_id xid8 not null default pg_current_xact_id()

-- One row: which history of transaction numbers the cursors belong to. A restored dump counts transactions anew,
-- which shows in the system identifier.
create table feed_epoch (
  only_row boolean primary key default true check (only_row),
  epoch uuid not null default gen_random_uuid(),
  system_identifier bigint not null
);
