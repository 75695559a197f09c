-- The states of orders at tables. By themselves, because PostgreSQL lets nothing use a new value in the transaction that
-- adds it.
alter type order_status add value 'placed';
alter type order_status add value 'accepted';
alter type order_status add value 'preparing';
alter type order_status add value 'served';
alter type order_status add value 'declined';

alter type cancel_reason add value 'session_closed';

alter type order_workflow add value 'table';
