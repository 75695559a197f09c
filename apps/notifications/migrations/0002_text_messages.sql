-- Text messages: a channel for what a buyer needs at a counter.

alter type channel add value 'sms';

-- Text messages go to the number that came with the order, unless its buyer wants none.
alter table preferences add column sms_disabled boolean not null default false;

-- What the text message of a notification is made of when it is sent.
create table text_messages (
  notification_id bigint primary key references notifications (id),
  -- As the order's buyer gave it: "+4915112345678".
  mobile text not null,
  -- What was bought.
  article text not null,
  -- The first code, encrypted by the order service. It is in clear in the message only.
  sealed_code bytea not null,
  valid_until timestamptz not null,
  -- Besides the first one.
  other_codes int not null check (other_codes >= 0)
);
