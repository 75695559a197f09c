-- scope and request_hash are HMAC-SHA256 from now on, under a key that is not in this database. The plain hashes that they
-- were could be undone by trying all requests that may have been sent, so those are not kept for the rest of their day.
-- No request would find them anyway.
delete from idempotency_records;
