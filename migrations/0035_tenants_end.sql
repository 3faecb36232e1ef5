-- The end of a tenant: what was deleted is erased once its grace is over, and so
-- is what signed up by itself and never proved its address.

-- Set by signing up, until an owner's address is verified: then the tenant is
-- erased if it still stands.
alter table public.tenants add column verify_by timestamptz;
create index on public.tenants (deleted_at) where deleted_at is not null;
create index on public.tenants (verify_by) where verify_by is not null;

-- Whichever way an owner proves the address: by the link that was sent for it, a
-- new password, another address.
create function house.tenant_verified() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    update public.tenants t
    set verify_by = null
    where t.id = new.tenant_id and t.verify_by is not null
    and exists (select from everyone.user_roles r
                where r.tenant_id = new.tenant_id and r.user_id = new.id
                and r.role_key = 'owner');
    return null;
end
$$;
create trigger verified after update on everyone.users
    for each row when (old.email_verified_at is null and new.email_verified_at is not null)
    execute function house.tenant_verified();

-- For resolution, which asks it of every tenant.
create function house.tenant_unverified(tenant uuid) returns boolean
language sql stable security definer set search_path = ''
as $$
    select t.verify_by is not null from public.tenants t where t.id = tenant
$$;
grant execute on function house.tenant_unverified(uuid) to tulou_tenant, tulou_platform;

-- Whoever signed up and proved no address yet could make users of any addresses,
-- to have us write to them: the tenant gets ten links a day in all. Its row is
-- locked, so that of many at once each counts those before it.
create function house.links_of_unverified() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    perform from public.tenants t
    where t.id = new.tenant_id and t.verify_by is not null
    for no key update;
    if found and (select count(*) from everyone.links l
                  where l.tenant_id = new.tenant_id
                  and l.created_at > now() - interval '1 day') >= 10 then
        raise exception '429 too_many_links: Enough of these were sent today; look into your inbox.'
            using errcode = 'TU000';
    end if;
    return new;
end
$$;
create trigger unverified before insert on everyone.links
    for each row execute function house.links_of_unverified();

-- As before, and: an event goes with its tenant. None of a tenant that is there
-- can be deleted, and the roles of the application may delete none at all.
create or replace function house.event_guard() returns trigger
language plpgsql as $$
declare
    unsealed everyone.events;
begin
    if tg_op = 'UPDATE' then
        unsealed := new;
        unsealed.seq := null;
        unsealed.prev_hash := null;
        unsealed.hash := null;
        if old.seq is null and unsealed is not distinct from old then
            return new;
        end if;
    elsif not exists (select from public.tenants t where t.id = old.tenant_id) then
        return old;
    end if;
    raise exception 'events are append only' using errcode = 'insufficient_privilege';
end
$$;

-- Which may be erased now; oldest first. A reseller waits for its children.
create function house.tenants_to_erase(grace_days integer) returns setof uuid
language sql stable security definer set search_path = ''
as $$
    select t.id
    from public.tenants t
    where t.kind <> 'platform'
    and (t.deleted_at <= now() - make_interval(days => grace_days) or t.verify_by <= now())
    and not exists (select from public.tenants c where c.parent_id = t.id)
    order by coalesce(t.deleted_at, t.verify_by)
    limit 1000
$$;

-- A schema of its own goes with its partitions, which are empty by now.
create procedure house.tenant_schema_drop(tenant uuid)
language plpgsql as $$
declare
    place constant text := house.tenant_schema(tenant);
    it record;
begin
    delete from house.tenant_schemas s where s.tenant_id = tenant;
    if not found then
        return;
    end if;
    for it in select t.name from house.tenant_tables t order by t.name loop
        execute format('alter table everyone.%I detach partition %I.%I', it.name, place, it.name);
    end loop;
    execute format('drop schema %I cascade', place);
end
$$;

-- Erases a tenant whose time has come: every row of it in every table. One event
-- in the platform's log says that it was there, and how many rows of what it had.
-- False: it may not be erased, or is gone already.
--
-- The tenant itself goes first: that deletes most of its rows, and the rules that
-- guard them (the last owner, a role in use) no longer hold. Deleting is an event
-- too, so events go last, while no job seals any.
create function house.tenant_erase(tenant uuid, grace_days integer) returns boolean
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
grant execute on function house.tenants_to_erase(integer), house.tenant_erase(uuid, integer)
    to tulou_platform;
