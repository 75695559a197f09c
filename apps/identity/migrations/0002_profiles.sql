-- What users told of themselves, if anything. It is in no token and in no log.
alter table users
  add column email text not null default '' check (length(email) <= 254),
  add column first_name text not null default '' check (length(first_name) <= 100),
  add column last_name text not null default '' check (length(last_name) <= 100);
