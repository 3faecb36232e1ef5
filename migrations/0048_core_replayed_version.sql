-- The answer to a repeated request has the first one's ETag too.
alter table everyone.idempotency_keys add column etag text;
