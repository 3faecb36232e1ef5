-- jobs: work that happens later, written in the transaction that causes it.
-- A job that is done is gone; one that failed for good stays as a dead letter.
create table everyone.jobs (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    kind text not null,
    queue text not null,
    state text not null default 'ready' check (state in ('ready', 'running', 'dead')),
    priority smallint not null default 0,
    run_at timestamptz not null default now(),
    payload jsonb not null default '{}',
    key text,
    attempt integer not null default 0,
    attempts integer not null,
    lease_until timestamptz, -- of a running one: whoever finds it past may take it
    worker text,
    error text,
    failed_at timestamptz,
    created_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id)
) partition by list (tenant_id);
create unique index jobs_key_key on everyone.jobs (tenant_id, kind, key)
    where key is not null and state = 'ready';
create index on everyone.jobs (priority, run_at, id) where state = 'ready';
create index on everyone.jobs (lease_until) where state = 'running';
create index on everyone.jobs (failed_at, id) where state = 'dead';
call house.tenant_table('jobs');

-- Wakes the workers; the server folds those of one transaction into one.
create function house.jobs_notify() returns trigger
language plpgsql as $$
begin
    notify jobs;
    return null;
end
$$;
create trigger notify after insert on everyone.jobs
    for each row execute function house.jobs_notify();
