-- What a session opened ends with it: the switches into other workspaces, and an
-- operator's acting as users. Each session knows the one it was opened from, which
-- may be another tenant's; so does each ticket that leads to one.
alter table everyone.sessions add column parent_id uuid;
alter table everyone.sign_in_tickets add column parent_id uuid;
update everyone.sessions s set parent_id = s.chain_id where s.chain_id is not null;
create index on everyone.sessions (id); -- a parent is looked for without its tenant
create index on everyone.sessions (parent_id) where parent_id is not null;
create index on everyone.sessions (impersonator_id) where impersonator_id is not null;
create index on everyone.sign_in_tickets (parent_id) where parent_id is not null;
create index on everyone.sign_in_tickets (impersonator_id) where impersonator_id is not null;

-- A session that is being revoked and one that opens from it at the same moment:
-- the second waits here for the first, or the first for the second and then ends it.
create function house.session_parent() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    perform from everyone.sessions s
    where s.id = new.parent_id and s.revoked_at is null and s.expires_at > now()
    for share;
    if not found then
        raise exception '401 session_revoked: The session that this was to begin from is over.'
            using errcode = 'TU000';
    end if;
    return new;
end
$$;
create trigger parent_insert before insert on everyone.sessions
    for each row when (new.parent_id is not null)
    execute function house.session_parent();
create trigger parent_update before update on everyone.sessions
    for each row when (new.parent_id is not null and old.parent_id is distinct from new.parent_id)
    execute function house.session_parent();

-- Ends what was opened from these sessions, and what was opened from that, but not
-- `kept` and what was opened from it. Each step sees what the one before waited for.
-- Answers the sessions that it ended.
create function house.sessions_end_opened(of_sessions uuid[], kept uuid, why text)
returns setof uuid
language plpgsql as $$
declare
    parents uuid[] := of_sessions;
begin
    while cardinality(parents) > 0 loop
        delete from everyone.sign_in_tickets t where t.parent_id = any (parents);
        with ended as (
            update everyone.sessions s
            set revoked_at = clock_timestamp(), revoked_why = why
            where s.parent_id = any (parents) and s.revoked_at is null
            and s.id is distinct from kept
            returning s.id
        )
        select coalesce(array_agg(e.id), '{}') into parents from ended e;
        return query select unnest(parents);
    end loop;
end
$$;

-- Nobody acts as others who may no longer do so themselves; operators are the
-- platform's alone.
create function house.impersonations_end(tenant uuid, operator uuid, why text) returns setof uuid
language plpgsql as $$
begin
    if not exists (select from public.tenants t where t.id = tenant and t.kind = 'platform') then
        return;
    end if;
    delete from everyone.sign_in_tickets t where t.impersonator_id = operator;
    return query
    update everyone.sessions s
    set revoked_at = clock_timestamp(), revoked_why = why
    where s.impersonator_id = operator and s.revoked_at is null
    returning s.id;
end
$$;

-- All of a user but `kept`, with the tickets that would open another.
create function house.user_sessions_end(tenant uuid, who uuid, kept uuid, why text)
returns setof uuid
language plpgsql as $$
declare
    own uuid[];
begin
    delete from everyone.sign_in_tickets t where t.tenant_id = tenant and t.user_id = who;
    with ended as (
        update everyone.sessions s
        set revoked_at = clock_timestamp(), revoked_why = why
        where s.tenant_id = tenant and s.user_id = who and s.revoked_at is null
        and s.id is distinct from kept
        returning s.id
    )
    select coalesce(array_agg(e.id), '{}') into own from ended e;
    return query select unnest(own);
    return query select * from house.sessions_end_opened(own, kept, why);
    return query select * from house.impersonations_end(tenant, who, why);
end
$$;
revoke execute on function house.sessions_end_opened(uuid[], uuid, text),
                           house.impersonations_end(uuid, uuid, text),
                           house.user_sessions_end(uuid, uuid, uuid, text) from public;

-- The two that areas call: of the tenant that is set, and whatever was opened from
-- it anywhere. They answer what they ended; of one session that itself first.
create function house.session_end(of_session uuid, why text) returns setof uuid
language plpgsql security definer set search_path = '' as $$
begin
    update everyone.sessions s
    set revoked_at = clock_timestamp(), revoked_why = why
    where s.tenant_id = current_setting('app.tenant_id')::uuid and s.id = of_session
    and s.revoked_at is null;
    if found then
        return next of_session;
        return query select * from house.sessions_end_opened(array[of_session], null, why);
    end if;
end
$$;

create function house.sessions_end(of_user uuid, kept uuid, why text) returns setof uuid
language sql security definer set search_path = ''
as $$
    select house.user_sessions_end(current_setting('app.tenant_id')::uuid, of_user, kept, why)
$$;
grant execute on function house.session_end(uuid, text),
                          house.sessions_end(uuid, uuid, text) to tulou_tenant, tulou_platform;

-- ---- what ends them without an area's doing ----

-- Whoever lost a right may have lost the one to act as others.
create or replace function house.rights_change(tenant uuid, who uuid) returns void
language plpgsql as $$
declare
    moment constant timestamptz := clock_timestamp();
begin
    insert into house.rights_changes (tenant_id, user_id, at) values (tenant, who, moment);
    perform house.revoked_notify(who, moment, tenant);
    perform house.impersonations_end(tenant, who, 'the rights of the operator changed');
end
$$;

-- Whoever is deleted or may not sign in leaves nothing open elsewhere, and nothing
-- that comes back with them. A new status says so at the commit, after the area that
-- changed it has ended the sessions itself and knows them.
create function house.user_sessions_over() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    perform house.user_sessions_end(old.tenant_id, old.id, null, 'the account was closed');
    return case tg_op when 'DELETE' then old else new end;
end
$$;
create trigger sessions_over before delete on everyone.users
    for each row execute function house.user_sessions_over();
create constraint trigger sessions_over_status after update on everyone.users
    deferrable initially deferred
    for each row when (old.status = 'active' and new.status <> 'active')
    execute function house.user_sessions_over();

create function house.impersonation_forbid() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    delete from everyone.sign_in_tickets t
    where t.tenant_id = new.id and t.impersonator_id is not null;
    update everyone.sessions s
    set revoked_at = clock_timestamp(), revoked_why = 'the tenant does not allow impersonation'
    where s.tenant_id = new.id and s.impersonator_id is not null and s.revoked_at is null;
    return null;
end
$$;
create trigger impersonation_forbid after update on public.tenants
    for each row when (new.settings #>> '{security,allowImpersonation}' = 'false'
                       and old.settings is distinct from new.settings)
    execute function house.impersonation_forbid();

-- ---- links ----

create or replace function house.link_end(tenant uuid, who uuid) returns setof uuid
language plpgsql security definer set search_path = '' as $$
declare
    why constant text := 'the link between workspaces ended';
    own uuid[];
begin
    delete from everyone.account_links l where l.tenant_id = tenant and l.user_id = who;
    if not found then
        return;
    end if;
    delete from everyone.sign_in_tickets t
    where t.tenant_id = tenant and t.user_id = who and t.chain_id is not null;
    with ended as (
        update everyone.sessions s
        set revoked_at = clock_timestamp(), revoked_why = why
        where s.tenant_id = tenant and s.user_id = who and s.chain_id is not null
        and s.revoked_at is null
        returning s.id
    )
    select coalesce(array_agg(e.id), '{}') into own from ended e;
    return query select unnest(own);
    return query
    select * from house.sessions_end_opened(
        array(select s.id from everyone.sessions s where s.tenant_id = tenant and s.user_id = who),
        null, why);
end
$$;

-- Before a session of a switch opens: both ends are linked still, and stay so until
-- it is committed.
drop function house.link_holds(uuid, uuid, uuid);
create function house.link_holds(tenant uuid, who uuid, parent uuid) returns boolean
language plpgsql as $$
begin
    perform from everyone.sessions s
    join everyone.account_links f on f.tenant_id = s.tenant_id and f.user_id = s.user_id
    join everyone.account_links l on l.person_id = f.person_id
    join everyone.users u on u.tenant_id = l.tenant_id and u.id = l.user_id
    join everyone.users v on v.tenant_id = f.tenant_id and v.id = f.user_id and v.email = u.email
    where s.id = parent and l.tenant_id = tenant and l.user_id = who
    for share of f, l;
    return found and house.may_be_linked(tenant, who);
end
$$;
grant execute on function house.link_holds(uuid, uuid, uuid) to tulou_platform;
