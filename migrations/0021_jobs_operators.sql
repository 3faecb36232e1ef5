-- jobs: what operators do with them. Rights stay as they are: the platform role's.

-- Dead letters back into the queue, all of one queue or one by its id, each with
-- all its attempts anew. Of a key only the latest, and none while another of it
-- waits: that one will do. How many.
create function house.jobs_retry(of_queue text, of_id uuid) returns integer
language plpgsql as $$
declare
    retried integer;
begin
    with latest as (
        select j.tenant_id, j.id, j.kind, j.key,
               row_number() over (partition by j.tenant_id, j.kind, coalesce(j.key, j.id::text)
                                  order by j.id desc) as place
        from everyone.jobs j
        where j.state = 'dead' and (of_queue is null or j.queue = of_queue)
        and (of_id is null or j.id = of_id)
        limit 10000
    )
    update everyone.jobs j
    set state = 'ready', run_at = now(), attempt = 0
    from latest
    where j.tenant_id = latest.tenant_id and j.id = latest.id and j.state = 'dead'
    and latest.place = 1
    and not exists (select from everyone.jobs w
                    where w.tenant_id = latest.tenant_id and w.kind = latest.kind
                    and w.key = latest.key and w.state in ('ready', 'scheduled', 'paused'));
    get diagnostics retried = row_count;
    if retried > 0 then
        notify jobs, 'ready';
    end if;
    return retried;
end
$$;

-- What was set aside while a queue was paused.
create function house.jobs_resume() returns integer
language plpgsql as $$
declare
    resumed integer;
begin
    update everyone.jobs j
    set state = 'ready'
    where j.state = 'paused'
    and not exists (select from public.job_pauses p where p.queue = j.queue);
    get diagnostics resumed = row_count;
    if resumed > 0 then
        notify jobs, 'ready';
    end if;
    return resumed;
end
$$;

grant execute on function house.jobs_retry(text, uuid), house.jobs_resume() to tulou_platform;
