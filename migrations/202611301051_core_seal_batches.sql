-- Events are sealed in batches and never updated.
--
-- Each event stands in house.events_open until a batch holds it. A batch is one row of
-- one tenant: the ids of its events in their order, the digest of each, and a hash over
-- these and the hash of the batch before. Whoever changes, removes, adds or reorders an
-- event must change a digest or an order that is hashed; the digests say which event it
-- was. An event that commits late is in the list of open ones when it does, so none can
-- fall between two batches.
lock table everyone.events in share row exclusive mode;
do $$ begin perform pg_advisory_xact_lock(hashtext('house.events_seal')); end $$;

-- Filled and emptied all the time: it is cleaned by how many rows are dead, not by how
-- large a share of it they are.
create table house.events_open (
    tenant_id uuid not null,
    id uuid not null,
    primary key (tenant_id, id)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- first: the number of the batch's first event in the tenant's log; the others follow.
-- chained: these are of before, when each event was chained to the one before it by a hash
-- of its own (seq, prev_hash, hash), which is its digest here.
create table house.event_seals (
    tenant_id uuid not null,
    first bigint not null,
    count integer not null check (count between 1 and 1000),
    chained boolean not null default false,
    ids uuid[] not null,
    digests bytea not null,
    hash bytea not null,
    primary key (tenant_id, first)
);
-- Nothing in them can be compressed.
alter table house.event_seals alter column ids set storage external,
                              alter column digests set storage external;

-- SHA-256 (FIPS 180-4) over an event as JSON that does not depend on settings of the session.
create function house.event_digest(e everyone.events) returns bytea
language sql stable
return sha256(convert_to(jsonb_build_array(
    e.tenant_id, e.id, (extract(epoch from e.at) * 1000000)::bigint, e.actor_kind,
    e.actor_id, e.actor_name, e.impersonator_id, e.action, e.resource_type, e.resource_id,
    e.changes, e.ip, e.user_agent, e.request_id)::text, 'UTF8'));

create function house.seal_hash(previous bytea, s house.event_seals) returns bytea
language sql stable
return sha256(previous || convert_to(jsonb_build_array(s.tenant_id, s.first, s.count, s.chained,
                                                       s.ids)::text, 'UTF8') || s.digests);

-- ---- writing ----

-- Whoever inserts an event, by whichever way, has it sealed, and wakes who listens (see
-- 0018_realtime.sql).
create function house.event_written() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    insert into house.events_open values (new.tenant_id, new.id);
    if not pg_try_advisory_xact_lock_shared(1953857903, 1) then
        notify live;
    end if;
    return null;
end
$$;
drop trigger live on everyone.events;
create trigger written after insert on everyone.events
    for each row execute function house.event_written();

-- What a row shows of itself in an event, and what of it changed; null: nothing. The names
-- behind the first of `arguments` are columns to mask (the first, a resource, is none).
create function house.event_row(side text, shown jsonb) returns jsonb
language sql immutable
return jsonb_build_object(side, jsonb_strip_nulls(
    shown - '{tenant_id,created_at,updated_at,search_text}'::text[]));

create function house.event_masked(changes jsonb, side text, arguments text[]) returns jsonb
language sql immutable
return changes || jsonb_build_object(side, changes -> side || coalesce(
    (select jsonb_object_agg(name, '***') from unnest(arguments) name
     where changes -> side ? name), '{}'));

create function house.event_difference(before jsonb, after jsonb, arguments text[]) returns jsonb
language sql immutable
return (
    select jsonb_build_object(
               'before', jsonb_object_agg(b.key, case when b.key = any (arguments) then '"***"'
                                                      else b.value end),
               'after', jsonb_object_agg(b.key, case when b.key = any (arguments) then '"***"'
                                                     else after -> b.key end))
    from jsonb_each(before - '{updated_at,search_text,last_login_at,last_used_at,version}'::text[]) b
    where b.value is distinct from after -> b.key
    having count(*) > 0);

grant execute on function house.event_row(text, jsonb),
                          house.event_masked(jsonb, text, text[]),
                          house.event_difference(jsonb, jsonb, text[])
    to tulou_tenant, tulou_platform;

-- As before, with a third of the work: PL/pgSQL sets up each expression anew in each
-- transaction, so what can be said in the INSERT is said there.
create or replace function house.event_append() returns trigger
language plpgsql as $$
declare
    side constant text := case tg_op when 'DELETE' then 'before' else 'after' end;
    changes jsonb;
begin
    if tg_op = 'UPDATE' then
        changes := house.event_difference(to_jsonb(old), to_jsonb(new), tg_argv);
        if changes is null then
            return null;
        end if;
    else
        changes := house.event_row(side, to_jsonb(coalesce(new, old)));
        if tg_nargs > 1 then
            changes := house.event_masked(changes, side, tg_argv);
        end if;
    end if;
    if tg_table_schema = 'shared' then
        insert into shared.events (tenant_id, id, actor_kind, actor_id, actor_name,
                                   impersonator_id, action, resource_type, resource_id, changes,
                                   ip, user_agent, request_id)
        select coalesce(new.tenant_id, old.tenant_id), house.uuid7(),
               coalesce(c ->> 'kind', 'system'), (c ->> 'actorId')::uuid, c ->> 'actorName',
               (c ->> 'impersonatorId')::uuid, house.event_action(tg_argv[0], tg_op), tg_argv[0],
               coalesce(new.id, old.id)::text, changes, c ->> 'ip', c ->> 'userAgent',
               c ->> 'requestId'
        from (select nullif(current_setting('app.context', true), '')::jsonb c offset 0) context;
    else
        execute format('insert into %I.events (tenant_id, id, actor_kind, actor_id, actor_name,
                            impersonator_id, action, resource_type, resource_id, changes,
                            ip, user_agent, request_id)
                        select $1, house.uuid7(), coalesce(c ->> ''kind'', ''system''),
                               (c ->> ''actorId'')::uuid, c ->> ''actorName'',
                               (c ->> ''impersonatorId'')::uuid, $2, $3, $4, $5, c ->> ''ip'',
                               c ->> ''userAgent'', c ->> ''requestId''
                        from (select nullif(current_setting(''app.context'', true), '''')::jsonb c
                              offset 0) context', tg_table_schema)
        using coalesce(new.tenant_id, old.tenant_id), house.event_action(tg_argv[0], tg_op),
              tg_argv[0], coalesce(new.id, old.id)::text, changes;
    end if;
    return null;
end
$$;

-- Nobody changes an event, the owner included; it goes with its tenant.
create or replace function house.event_guard() returns trigger
language plpgsql as $$
begin
    if tg_op = 'DELETE'
       and not exists (select from public.tenants t where t.id = old.tenant_id) then
        return old;
    end if;
    raise exception 'events are append only' using errcode = 'insufficient_privilege';
end
$$;

-- ---- sealing ----

-- Seals at most `most` events of one tenant, at most a thousand, oldest first; answers how
-- many. An open event that is no longer there stays in the list: verifying says so.
create or replace function house.events_seal_of(tenant uuid, most integer) returns integer
language plpgsql security definer set search_path = '' as $$
declare
    head house.event_heads;
    seal house.event_seals;
begin
    with batch as materialized (
        select o.id, house.event_digest(e) as digest
        from house.events_open o
        join everyone.events e on e.tenant_id = o.tenant_id and e.id = o.id
        where o.tenant_id = tenant
        order by o.id
        limit least(most, 1000)
    ), closed as (
        delete from house.events_open o using batch b where o.tenant_id = tenant and o.id = b.id
    )
    select count(*), array_agg(b.id order by b.id), string_agg(b.digest, '' order by b.id)
    into seal.count, seal.ids, seal.digests
    from batch b;
    if seal.count = 0 then
        return 0;
    end if;
    select h.* into head from house.event_heads h where h.tenant_id = tenant;
    seal.tenant_id := tenant;
    seal.first := coalesce(head.seq, 0) + 1;
    seal.chained := false;
    seal.hash := house.seal_hash(coalesce(head.hash, ''), seal);
    insert into house.event_seals select seal.*;
    call house.event_head_keep(row(tenant, seal.first + seal.count - 1, seal.hash));
    return seal.count;
end
$$;

-- As before, with the open events as the list of what is to be done.
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
        select o.tenant_id into tenant
        from house.events_open o
        where o.tenant_id > last
        order by o.tenant_id
        limit 1;
        if not found then
            exit when around;
            around := true;
            last := '00000000-0000-0000-0000-000000000000';
            continue;
        end if;
        exit when around and tenant > first;
        sealed := sealed + house.events_seal_try(tenant, most - sealed);
        last := tenant;
    end loop;
    if last <> first then
        update house.seal_place set tenant_id = last;
    end if;
    return sealed;
end
$$;

-- ---- verifying ----

-- The first break in a tenant's log, by the number and, where it is known, the id of the
-- event; broken_seq is null when there is none. reason:
--   changed    the event is not what was sealed
--   missing    it is gone, or the batch that held it
--   reordered  another of its batch stands in its place
--   added      no batch holds it, nor is it to be sealed
--   seal       the batch that begins with it is not the one that was sealed here
drop function house.events_verify_own();
drop function house.events_verify(uuid);
create function house.events_verify(tenant uuid, out checked bigint, out broken_seq bigint,
                                    out reason text, out event_id uuid)
language plpgsql stable security definer set search_path = '' as $$
declare
    head house.event_heads;
    reached bigint;
    last_hash bytea;
begin
    select h.* into head from house.event_heads h where h.tenant_id = tenant;
    select s.first + s.count - 1, s.hash into reached, last_hash
    from house.event_seals s where s.tenant_id = tenant order by s.first desc limit 1;
    with seals as materialized (
        select s, lag(s.hash, 1, ''::bytea) over w as previous,
               lag(s.first + s.count, 1, 1::bigint) over w as expected,
               lag(substring(s.digests from s.count * 32 - 31), 1, ''::bytea) over w as before
        from house.event_seals s
        where s.tenant_id = tenant
        window w as (order by s.first)
    ), breaks as (
        select (s).first as batch, 2 as rank, expected as number, null::uuid as id,
               'missing' as reason
        from seals where (s).first <> expected
        union all
        select (s).first, 3, (s).first, (s).ids[1], 'seal'
        from seals where (s).hash <> house.seal_hash(previous, s)
                      or cardinality((s).ids) <> (s).count
                      or length((s).digests) <> (s).count * 32
        union all
        select (s).first, 1, (s).first + place - 1, it.id,
               case when e.id is null then 'missing'
                    when position(house.event_digest(e) in (s).digests) > 0 then 'reordered'
                    else 'changed' end
        from seals
        cross join lateral unnest((s).ids) with ordinality it (id, place)
        left join everyone.events e on e.tenant_id = tenant and e.id = it.id
        where e.id is null
        or substring((s).digests from place::integer * 32 - 31 for 32) is distinct from
           case when not (s).chained then house.event_digest(e)
                when e.seq = (s).first + place - 1 then house.event_hash(
                    case place when 1 then before
                               else substring((s).digests from place::integer * 32 - 63 for 32) end,
                    e.seq, e) end
        union all
        -- Behind the last: what else the tenant's log holds, and what it should.
        select reached + 1, 1, least(coalesce(reached, 0), head.seq) + 1, null, 'missing'
        where coalesce(head.seq, 0) <> coalesce(reached, 0)
        union all
        select reached + 1, 2, coalesce(reached, 0) + 1, o.id, 'missing'
        from house.events_open o
        where o.tenant_id = tenant
        and not exists (select from everyone.events e where e.tenant_id = tenant and e.id = o.id)
        union all
        select reached + 1, 3, coalesce(reached, 0) + 1, e.id, 'added'
        from everyone.events e
        left join (select unnest((s).ids) as id from seals) sealed on sealed.id = e.id
        left join house.events_open o on o.tenant_id = tenant and o.id = e.id
        where e.tenant_id = tenant and sealed.id is null and o.id is null
        union all
        select reached + 1, 4, reached, null, 'seal'
        where head.hash <> last_hash
    )
    select b.number, b.reason, b.id into broken_seq, reason, event_id
    from breaks b
    order by b.batch, b.rank, b.number, b.id
    limit 1;
    checked := coalesce(broken_seq - 1, reached, 0);
end
$$;

-- A tenant verifies its own log; the platform any.
create function house.events_verify_own(out checked bigint, out broken_seq bigint, out reason text,
                                        out event_id uuid)
language sql stable security definer set search_path = ''
as $$select * from house.events_verify(current_setting('app.tenant_id')::uuid)$$;

grant execute on function house.events_verify(uuid) to tulou_platform;
grant execute on function house.events_verify_own() to tulou_tenant, tulou_platform;

-- ---- reading by number ----

create or replace function house.live_events(tenants uuid[], seen bigint[], most integer)
returns table (tenant_id uuid, head bigint, seq bigint, id uuid, at timestamptz, actor_id uuid,
               actor_name text, action text, resource_type text, resource_id text, ip text,
               user_id uuid, type text, title text, body text, link text, unread bigint)
language sql stable security definer set search_path = ''
as $$
    select w.tenant, coalesce(h.seq, 0), s.number, e.id, e.at, e.actor_id, e.actor_name, e.action,
           e.resource_type, e.resource_id, e.ip, n.user_id, n.type, n.title, n.body, n.link,
           (select count(*)
            from (select from everyone.notifications u
                  where u.tenant_id = n.tenant_id and u.user_id = n.user_id and u.read_at is null
                  limit 1000) unread)
    from (select w.tenant, w.seen, coalesce(h.seq, 0) as head,
                 case when w.seen < 0 then greatest(coalesce(h.seq, 0) + w.seen, 0)
                      else w.seen end as behind
          from unnest(tenants, seen) as w (tenant, seen)
          left join house.event_heads h on h.tenant_id = w.tenant) w
    left join house.event_heads h on h.tenant_id = w.tenant
    left join lateral (
        select s.first + it.place - 1 as number, it.id
        from house.event_seals s
        cross join lateral unnest(s.ids) with ordinality it (id, place)
        where s.tenant_id = w.tenant
        and s.first >= coalesce((select max(b.first) from house.event_seals b
                                 where b.tenant_id = w.tenant and b.first <= w.behind + 1), 1)
        and s.first <= case when w.seen < 0 then w.head else least(w.head, w.seen + most) end
        and s.first + it.place - 1 between w.behind + 1
            and case when w.seen < 0 then w.head else least(w.head, w.seen + most) end
    ) s on true
    left join everyone.events e on e.tenant_id = w.tenant and e.id = s.id
    left join everyone.notifications n
        on n.tenant_id = w.tenant
        and n.id = case when e.resource_type = 'notifications.notifications'
                             and e.resource_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
                        then e.resource_id::uuid end
    where w.seen < 0 or e.id is not null
    order by w.tenant, s.number
$$;

-- ---- what there is ----

-- Those of before become batches of a thousand numbers; where one is missing, its place
-- stays empty, and verifying says so.
create procedure house.event_chains_to_seals()
language plpgsql as $$
declare
    s house.event_seals;
    tenant uuid;
    previous bytea;
begin
    insert into house.event_seals (tenant_id, first, count, chained, ids, digests, hash)
    select h.tenant_id, min(number), count(*), true, array_agg(e.id order by number),
           string_agg(coalesce(e.hash, decode(repeat('00', 32), 'hex')), '' order by number), ''
    from house.event_heads h
    cross join lateral generate_series(1, h.seq) number
    left join everyone.events e on e.tenant_id = h.tenant_id and e.seq = number
    group by h.tenant_id, (number - 1) / 1000;
    for s in select * from house.event_seals order by tenant_id, first loop
        previous := case when s.tenant_id is not distinct from tenant then previous else '' end;
        previous := house.seal_hash(previous, s);
        tenant := s.tenant_id;
        update house.event_seals
        set hash = previous
        where tenant_id = s.tenant_id and first = s.first;
        update house.event_heads set hash = previous where tenant_id = s.tenant_id;
    end loop;
end
$$;
call house.event_chains_to_seals();

insert into house.events_open select e.tenant_id, e.id from everyone.events e where e.seq is null;

-- Nothing is looked up by the numbers of before any more.
drop index everyone.events_seq_key;

-- ---- the end ----

-- As before, and what seals its events. Erases a tenant whose time has come: every row of it in every table. One event
-- in the platform's log says that it was there, and how many rows of what it had.
-- False: it may not be erased, or is gone already.
--
-- The tenant itself goes first: that deletes most of its rows, and the rules that
-- guard them (the last owner, a role in use) no longer hold. Deleting is an event
-- too, so events go last, while no job seals any.
create or replace function house.tenant_erase(tenant uuid, grace_days integer) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
    gone public.tenants;
    it record;
    rows bigint;
    had jsonb := '{}';
begin
    select t.* into gone
    from public.tenants t
    where t.id = tenant and t.id in (select house.tenants_to_erase(grace_days))
    for update;
    if not found then
        return false;
    end if;
    for it in select t.name from house.tenant_tables t order by t.name loop
        execute format('select count(*) from everyone.%I where tenant_id = $1', it.name)
            into rows using tenant;
        had := had || case when rows > 0 then jsonb_build_object(it.name, rows) else '{}' end;
    end loop;
    delete from public.tenants t where t.id = tenant;
    for it in select t.name from house.tenant_tables t where t.name <> 'events' loop
        execute format('delete from everyone.%I where tenant_id = $1', it.name) using tenant;
    end loop;
    perform pg_advisory_xact_lock(hashtext('house.events_seal'));
    delete from everyone.events e where e.tenant_id = tenant;
    delete from house.events_open o where o.tenant_id = tenant;
    delete from house.event_seals s where s.tenant_id = tenant;
    delete from house.event_heads h where h.tenant_id = tenant;
    delete from house.rights_changes c where c.tenant_id = tenant;
    call house.tenant_schema_drop(tenant);
    insert into everyone.events (tenant_id, actor_kind, actor_name, action, resource_type,
                                 resource_id, changes)
    values ('00000000-0000-7000-8000-000000000001', 'system', 'tenants.erase', 'tenants.erased',
            'tenants', tenant::text,
            jsonb_build_object('before', jsonb_build_object(
                'slug', gone.slug, 'kind', gone.kind, 'created_at', gone.created_at,
                'deleted_at', gone.deleted_at, 'verify_by', gone.verify_by, 'rows', had)));
    return true;
end
$$;
