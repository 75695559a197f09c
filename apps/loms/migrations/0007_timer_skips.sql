-- What became of timers beside firing: somebody took one away, or one could not be fired.

-- A timer that was skipped is no step of its order: it has no version, and nothing moves. Rows are never changed.
create table timer_skips (
  order_id bigint not null,
  kind text not null,
  sku bigint not null,
  -- The version of the order whose step had started it.
  step int not null,
  skipped_at timestamptz not null default now(),
  actor text not null,
  reason text not null,
  primary key (order_id, kind, sku, step)
);

-- How often it could not be fired. It is tried again, and `ordermesh verify` names it meanwhile.
alter table timers add column failures int not null default 0 check (failures >= 0);
