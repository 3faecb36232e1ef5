-- jobs: work that happens later, written in the transaction that causes it.
-- A job that is done is gone; one that failed for good stays as a dead letter.
--
--     scheduled → ready → running → gone, or scheduled again, or dead
--
-- Whoever adds one says 'ready', or 'scheduled' with the time in run_at: only
-- what can be done now stands in the index that claims read. A ready one of a
-- queue that is paused becomes 'paused' when a claim meets it.
create table everyone.jobs (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    kind text not null,
    queue text not null,
    state text not null default 'ready'
        check (state in ('ready', 'scheduled', 'paused', 'running', 'dead')),
    priority smallint not null default 0,
    run_at timestamptz not null default now(),
    payload jsonb not null default '{}',
    key text,
    attempt integer not null default 0,
    attempts integer not null,
    lease_until timestamptz, -- of a running one: whoever finds it past may take it
    worker text,             -- the claim that runs it, a name for each claim
    error text,
    failed_at timestamptz,
    created_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id)
) partition by list (tenant_id);
create unique index jobs_key_key on everyone.jobs (tenant_id, kind, key)
    where key is not null and state in ('ready', 'scheduled', 'paused');
create index jobs_ready_idx on everyone.jobs (priority, run_at, id) where state = 'ready';
create index jobs_due_idx on everyone.jobs (run_at) where state = 'scheduled';
create index jobs_lease_idx on everyone.jobs (lease_until) where state = 'running';
create index jobs_stopped_idx on everyone.jobs (queue, state, id)
    where state in ('paused', 'dead');
call house.tenant_table('jobs');

-- Rows live for moments: they are cleaned up long before a fifth has gone.
alter table shared.jobs set (
    autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05,
    autovacuum_vacuum_cost_delay = 0);

create table public.job_pauses (
    queue text primary key,
    paused_at timestamptz not null default now()
);
-- The minute in which each schedule was fired last.
create table public.job_schedules (
    name text primary key,
    fired_at timestamptz not null
);
grant select, insert, update, delete on public.job_pauses, public.job_schedules
    to tulou_platform;

-- The functions that follow see to it that indexes are used: plans are kept,
-- and one that was made while the table was empty would read all of it later.

-- Wakes the workers; the server folds those of one transaction into one.
create function house.jobs_notify() returns trigger
language plpgsql as $$
begin
    perform pg_notify('jobs', new.state);
    return null;
end
$$;
create trigger notify after insert on everyone.jobs
    for each row when (new.state = 'ready' or new.run_at < now() + interval '6 s')
    execute function house.jobs_notify();

-- Claims what can be done, most urgent first: at most `room` jobs of these
-- kinds, each for as many seconds as its kind's lease. Those of paused queues
-- are set aside; they are answered too, so that the caller knows to come again.
create function house.jobs_claim(room integer, kinds text[], leases integer[], claim text)
returns table (tenant_id uuid, id uuid, kind text, running boolean, payload text,
               attempt integer, attempts integer, place text)
language plpgsql
set enable_seqscan = off set enable_sort = off set enable_hashjoin = off
set enable_mergejoin = off set plan_cache_mode = force_generic_plan as $$
begin
    return query
    with due as materialized (
        select j.tenant_id, j.id, j.queue
        from everyone.jobs j
        where j.state = 'ready' and j.kind = any(kinds)
        order by j.priority, j.run_at, j.id
        limit room
        for update skip locked
    )
    update everyone.jobs j
    set state = case when p.queue is null then 'running' else 'paused' end,
        attempt = j.attempt + (p.queue is null)::int,
        worker = case when p.queue is null then claim end,
        lease_until = case when p.queue is null
            then clock_timestamp()
                 + make_interval(secs => leases[array_position(kinds, j.kind)]) end
    from due
    left join public.job_pauses p on p.queue = due.queue
    where j.tenant_id = due.tenant_id and j.id = due.id
    returning j.tenant_id, j.id, j.kind, j.state = 'running', j.payload::text, j.attempt,
              j.attempts, (select c.relnamespace::regnamespace::text
                           from pg_catalog.pg_class c where c.oid = j.tableoid);
end
$$;

-- Takes a claimed job out of the queue, in the transaction of its effects.
-- False: the claim is no longer good. `jobs` is the caller's own: the tenant's
-- partition, or all of them.
create function house.job_take(tenant uuid, job uuid, claim text) returns boolean
language plpgsql
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
begin
    delete from jobs where tenant_id = tenant and id = job and worker = claim;
    return found;
end
$$;

-- The same for many that are done; how many were still theirs.
create function house.jobs_done(tenants uuid[], jobs uuid[], claims text[]) returns integer
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
set plan_cache_mode = force_generic_plan as $$
declare
    gone integer;
begin
    delete from everyone.jobs j
    using unnest(tenants, jobs, claims) as done (tenant_id, id, worker)
    where j.tenant_id = done.tenant_id and j.id = done.id and j.worker = done.worker;
    get diagnostics gone = row_count;
    return gone;
end
$$;

-- Gives claimed ones back that were not begun.
create function house.jobs_release(tenants uuid[], jobs uuid[], claims text[]) returns void
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
    for i in 1 .. cardinality(jobs) loop
        begin
            update everyone.jobs j
            set state = 'ready', attempt = j.attempt - 1, worker = null, lease_until = null
            where j.tenant_id = tenants[i] and j.id = jobs[i] and j.worker = claims[i];
        exception when unique_violation then -- another of its key waits meanwhile
            delete from everyone.jobs j
            where j.tenant_id = tenants[i] and j.id = jobs[i] and j.worker = claims[i];
        end;
    end loop;
    notify jobs, 'ready';
end
$$;

-- An attempt failed: it waits to be tried again, or is a dead letter. When
-- another of its key waits meanwhile, that one will do: a second one is not added.
-- The state that it has now; null when the claim is no longer good.
create function house.job_failed(tenant uuid, job uuid, claim text, refused boolean,
                                 reason text, retry_s integer) returns text
language plpgsql
set enable_seqscan = off as $$
declare
    outcome text;
begin
    update everyone.jobs j
    set state = case when refused or j.attempt >= j.attempts then 'dead' else 'scheduled' end,
        run_at = clock_timestamp() + make_interval(secs => retry_s),
        error = reason, failed_at = clock_timestamp(), worker = null, lease_until = null
    where j.tenant_id = tenant and j.id = job and j.worker = claim
    returning j.state into outcome;
    return outcome;
exception when unique_violation then
    delete from everyone.jobs j where j.tenant_id = tenant and j.id = job and j.worker = claim;
    return 'dropped';
end
$$;

-- What the clock brings: scheduled ones that are due, leases that are over (their
-- worker is gone). Answers how many of each, and in how many seconds the next is due.
create function house.jobs_sweep(out due integer, out lapsed integer, out next_s double precision)
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
    it record;
begin
    lapsed := 0;
    for it in
        select j.tenant_id, j.id, j.worker
        from everyone.jobs j
        where j.state = 'running' and j.lease_until <= clock_timestamp()
        order by j.lease_until
        limit 1000
        for update skip locked
    loop
        perform house.job_failed(it.tenant_id, it.id, it.worker, false,
                                 'The worker ended, or it took longer than it may.', 0);
        lapsed := lapsed + 1;
    end loop;
    with ready as materialized (
        select j.tenant_id, j.id
        from everyone.jobs j
        where j.state = 'scheduled' and j.run_at <= clock_timestamp()
        order by j.run_at
        limit 1000
        for update skip locked
    )
    update everyone.jobs j
    set state = 'ready'
    from ready
    where j.tenant_id = ready.tenant_id and j.id = ready.id;
    get diagnostics due = row_count;
    select extract(epoch from least(
               (select min(j.run_at) from everyone.jobs j where j.state = 'scheduled'),
               (select min(j.lease_until) from everyone.jobs j
                where j.state = 'running' and j.lease_until > clock_timestamp()))
           - clock_timestamp())
    into next_s;
end
$$;

-- Kinds at the front of the queue that a worker does not know.
create function house.jobs_unknown(kinds text[]) returns setof text
language sql stable
set enable_seqscan = off
begin atomic
    select distinct front.kind
    from (select j.kind from everyone.jobs j where j.state = 'ready'
          order by j.priority, j.run_at, j.id limit 100) front
    where front.kind <> all(kinds);
end;

-- A payload as operators see it: what may be a secret is hidden, at any depth.
create function house.job_payload_shown(payload jsonb) returns jsonb
language plpgsql immutable as $$
declare
    shown jsonb;
begin
    if jsonb_typeof(payload) = 'object' then
        select coalesce(jsonb_object_agg(m.key, case
                   when m.key ~* '(sealed|passw|token|secret|otp|api_?key|authorization|cookie|credential)'
                        and m.value <> 'null'
                   then '"***"' else house.job_payload_shown(m.value) end), '{}')
        into shown
        from jsonb_each(payload) m;
    elsif jsonb_typeof(payload) = 'array' then
        select coalesce(jsonb_agg(house.job_payload_shown(e.value) order by e.ordinality), '[]')
        into shown
        from jsonb_array_elements(payload) with ordinality e;
    else
        shown := payload;
    end if;
    return shown;
end
$$;

grant execute on function house.jobs_notify(), house.job_take(uuid, uuid, text)
    to tulou_tenant, tulou_platform;
grant execute on function house.jobs_claim(integer, text[], integer[], text),
    house.jobs_done(uuid[], uuid[], text[]), house.jobs_release(uuid[], uuid[], text[]),
    house.job_failed(uuid, uuid, text, boolean, text, integer), house.jobs_sweep(),
    house.jobs_unknown(text[]), house.job_payload_shown(jsonb)
    to tulou_platform;
