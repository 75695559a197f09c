-- Operators list what has failed, newest first, among millions that have not. Only a failure writes to it.
create index deliveries_failed on deliveries (id) where status = 'failed';
