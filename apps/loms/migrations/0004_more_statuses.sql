-- The states that workflows add to the purchase path. By themselves, because PostgreSQL lets nothing use a new value in
-- the transaction that adds it.
alter type order_status add value 'shipment_held';
alter type order_status add value 'shipped';
alter type order_status add value 'completed';
alter type order_status add value 'awaiting_settlement';
alter type order_status add value 'settled';
alter type order_status add value 'confirmed';
alter type order_status add value 'delivered';

alter type cancel_reason add value 'refunded';
alter type cancel_reason add value 'expired';
alter type cancel_reason add value 'declined';
