-- One tenant's events never stop another's.
--
-- Whoever spoke SQL as a tenant could give an event a number that the chain gives
-- next: sealing failed for everybody. So numbers, hashes and times are the
-- house's alone to write, and each tenant is sealed by itself.

create procedure house.events_protect(place text)
language plpgsql as $$
declare
    columns text := (select string_agg(quote_ident(a.attname), ', ')
                     from pg_attribute a
                     where a.attrelid = format('%I.events', place)::regclass
                     and a.attnum > 0 and not a.attisdropped
                     and a.attname not in ('at', 'seq', 'prev_hash', 'hash'));
begin
    execute format('revoke insert on %I.events from tulou_tenant, tulou_platform', place);
    execute format('grant insert (%s) on %I.events to tulou_platform%s', columns, place,
                   case when place = 'everyone' then '' else ', tulou_tenant' end);
end
$$;

-- As before, and for events alone what is above.
create or replace procedure house.make_partition(place text, name text, append_only boolean,
                                                 bounds text)
language plpgsql as $$
begin
    execute format('create table %I.%I partition of everyone.%I %s', place, name, name, bounds);
    call house.align_names(place, name);
    call house.protect(place, name, append_only);
    if name = 'events' then
        call house.events_protect(place);
    end if;
end
$$;

do $$
declare
    it record;
begin
    for it in select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace
              where c.relname = 'events' and c.relkind in ('r', 'p')
              and (n.nspname in ('everyone', 'shared')
                   or n.nspname in (select house.tenant_schema(s.tenant_id)
                                    from house.tenant_schemas s)) loop
        call house.events_protect(it.nspname);
    end loop;
end
$$;

-- Tenants whose events could not be sealed, and when that is tried again. Who runs
-- the task reports them.
create table house.seal_failures (
    tenant_id uuid primary key,
    times integer not null,
    failed_at timestamptz not null,
    retry_at timestamptz not null,
    message text not null
);
grant select on house.seal_failures to tulou_platform;

-- The tenant that was sealed last: the next round begins behind it, so that no
-- crowd of busy ones keeps the others waiting.
create table house.seal_place (
    one boolean primary key default true check (one),
    tenant_id uuid not null
);
insert into house.seal_place (tenant_id) values ('00000000-0000-0000-0000-000000000000');

-- Seals at most `most` events of one tenant, oldest first; answers how many.
create function house.events_seal_of(tenant uuid, most integer) returns integer
language plpgsql security definer set search_path = '' as $$
declare
    e everyone.events;
    head house.event_heads;
    next_hash bytea;
    sealed integer := 0;
begin
    select h.* into head from house.event_heads h where h.tenant_id = tenant;
    if not found then
        head := row(tenant, 0, ''::bytea);
    end if;
    for e in
        select * from everyone.events
        where seq is null and tenant_id = tenant
        order by id
        limit most
    loop
        next_hash := house.event_hash(head.hash, head.seq + 1, e);
        update everyone.events
        set seq = head.seq + 1, prev_hash = head.hash, hash = next_hash
        where tenant_id = tenant and id = e.id;
        head.seq := head.seq + 1;
        head.hash := next_hash;
        sealed := sealed + 1;
    end loop;
    if sealed > 0 then
        call house.event_head_keep(head);
    end if;
    return sealed;
end
$$;
revoke execute on function house.events_seal_of(uuid, integer) from public;

-- A tenant that fails is left as it was, noted and tried again later, ever more
-- seldom (at most each five minutes).
create function house.events_seal_try(tenant uuid, most integer) returns integer
language plpgsql security definer set search_path = '' as $$
declare
    sealed integer;
begin
    if exists (select from house.seal_failures f
               where f.tenant_id = tenant and f.retry_at > clock_timestamp()) then
        return 0;
    end if;
    sealed := house.events_seal_of(tenant, most);
    delete from house.seal_failures f where f.tenant_id = tenant;
    return sealed;
exception when others then
    insert into house.seal_failures as f
    values (tenant, 1, clock_timestamp(), clock_timestamp() + interval '2 seconds', sqlerrm)
    on conflict (tenant_id) do update
    set times = f.times + 1, failed_at = excluded.failed_at, message = excluded.message,
        retry_at = clock_timestamp() + interval '1 second' * least(300, 2 ^ least(f.times + 1, 9));
    return 0;
end
$$;
revoke execute on function house.events_seal_try(uuid, integer) from public;

-- Seals at most `most` events, at most a thousand of each tenant; answers how many.
-- One at a time; one that is still uncommitted takes a later number.
create or replace function house.events_seal(most integer) returns integer
language plpgsql security definer set search_path = '' as $$
declare
    first uuid := (select p.tenant_id from house.seal_place p);
    last uuid := first;
    tenant uuid;
    around boolean := false;
    sealed integer := 0;
begin
    perform pg_advisory_xact_lock(hashtext('house.events_seal'));
    while sealed < most loop
        select e.tenant_id into tenant
        from everyone.events e
        where e.seq is null and e.tenant_id > last
        order by e.tenant_id
        limit 1;
        if not found then
            exit when around;
            around := true;
            last := '00000000-0000-0000-0000-000000000000';
            continue;
        end if;
        exit when around and tenant > first;
        sealed := sealed + house.events_seal_try(tenant, least(most - sealed, 1000));
        last := tenant;
    end loop;
    if last <> first then
        update house.seal_place set tenant_id = last;
    end if;
    return sealed;
end
$$;

-- An event can name a notification that is none: it is shown without one.
create or replace function house.live_events(tenants uuid[], seen bigint[], most integer)
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
        and n.id = case when e.resource_type = 'notifications.notifications'
                             and e.resource_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
                        then e.resource_id::uuid end
    where w.seen < 0 or e.seq is not null
    order by w.tenant, e.seq
$$;
