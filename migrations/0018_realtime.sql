-- Realtime: how those who listen hear of committed events.
--
-- NOTIFY takes a lock of the whole cluster until its transaction has ended, so
-- writers that all notify wait for each other. They do it only while somebody
-- sleeps who wants to be woken: the program `realtime` holds an advisory lock
-- exclusively while it sleeps. A writer tries to share it, until the end of its
-- transaction: when that fails somebody sleeps, and it notifies. Awake, the
-- program reads now and then by itself. It gets the lock only once all those have
-- ended who were not told to notify, and looks once more then; so nothing is
-- missed, nobody waits, and a program that dies leaves nothing behind.
create function house.live_hint() returns trigger
language plpgsql as $$
begin
    notify live;
    return null;
end
$$;
create trigger live after insert on everyone.events
    for each row when (not pg_try_advisory_xact_lock_shared(1953857903, 1))
    execute function house.live_hint();

-- For the program: true when it may sleep, until its transaction ends.
create function house.live_sleep() returns boolean
language sql volatile
return pg_try_advisory_xact_lock(1953857903, 1);

-- The sealed events of some tenants behind a number each, at most `most` of each
-- (a negative number: so many from the end), and where the chain of each ends. A
-- tenant without news has no row, or when it was asked from the end one without
-- an event. Numbers have no gaps and follow the order in which events could be
-- seen, so a reader who knows the last one misses none and repeats none.
create function house.live_events(tenants uuid[], seen bigint[], most integer)
returns table (tenant_id uuid, head bigint, seq bigint, id uuid, at timestamptz, actor_id uuid,
               actor_name text, action text, resource_type text, resource_id text, ip text,
               user_id uuid, type text, title text, body text, link text, unread bigint)
language sql stable security definer set search_path = ''
as $$
    select w.tenant, coalesce(h.seq, 0), e.seq, e.id, e.at, e.actor_id, e.actor_name, e.action,
           e.resource_type, e.resource_id, e.ip, n.user_id, n.type, n.title, n.body, n.link,
           (select count(*)
            from (select from everyone.notifications u
                  where u.tenant_id = n.tenant_id and u.user_id = n.user_id and u.read_at is null
                  limit 1000) unread)
    from unnest(tenants, seen) as w (tenant, seen)
    left join house.event_heads h on h.tenant_id = w.tenant
    left join lateral (
        select number
        from generate_series(
            case when w.seen < 0 then greatest(h.seq + w.seen, 0) else w.seen end + 1,
            case when w.seen < 0 then h.seq else least(h.seq, w.seen + most) end) as number
    ) s on true
    left join everyone.events e on e.tenant_id = w.tenant and e.seq = s.number
    left join everyone.notifications n
        on n.tenant_id = w.tenant
        and n.id = case e.resource_type when 'notifications.notifications'
                                        then e.resource_id::uuid end
    where w.seen < 0 or e.seq is not null
    order by w.tenant, e.seq
$$;

grant execute on function house.live_hint() to tulou_tenant, tulou_platform;
grant execute on function house.live_sleep(), house.live_events(uuid[], bigint[], integer)
    to tulou_platform;
