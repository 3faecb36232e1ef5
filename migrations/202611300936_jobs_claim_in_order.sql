-- Of jobs that are claimed together the first is done first: an update answers its
-- rows in the order in which its plan finds them, which is not that of priority.
create or replace function house.jobs_claim(room integer, kinds text[], leases integer[], claim text)
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
    ), claimed as (
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
        returning j.tenant_id, j.id, j.kind, j.state = 'running' as running,
                  j.payload::text as payload, j.attempt, j.attempts,
                  (select c.relnamespace::regnamespace::text
                   from pg_catalog.pg_class c where c.oid = j.tableoid) as place,
                  j.priority, j.run_at
    )
    select c.tenant_id, c.id, c.kind, c.running, c.payload, c.attempt, c.attempts, c.place
    from claimed c
    order by c.priority, c.run_at, c.id;
end
$$;
