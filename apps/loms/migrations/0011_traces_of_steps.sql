-- The trace of what made a step: 32 hexadecimal digits, which as a uuid are 16 bytes; and whether its spans are kept, so that
-- nobody is sent to look for those that are not. Null for the steps of before. Nothing is looked up by it, so it has no index;
-- adding it rewrites no row.
alter table order_history add column trace_id uuid, add column trace_recorded boolean;
