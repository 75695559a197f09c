-- What was told of one order, newest first. No index leads there yet: those by user are read from the newest on, which for a
-- user with many orders is far. Each notification pays for one entry more.
create index notifications_by_order on notifications (order_id, id);
