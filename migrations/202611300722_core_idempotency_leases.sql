-- A key is claimed in a transaction of its own: whoever holds the claim may store the answer, and
-- once the lease is over somebody else may take it. Answers may hold secrets and are sealed.
alter table everyone.idempotency_keys
    add column claim uuid,
    add column lease_until timestamptz not null default now(),
    add column sealed boolean not null default false;
