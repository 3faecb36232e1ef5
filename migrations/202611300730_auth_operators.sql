-- Operators need a second factor unless the platform's settings say otherwise, and every
-- session has an end however much it is used.
create or replace function house.mfa_needed(tenant uuid, who uuid) returns boolean
language sql stable security definer set search_path = ''
as $$
    select exists (select from everyone.users u
                   where u.tenant_id = tenant and u.id = who and u.mfa_required)
        or exists (select from everyone.user_roles r
                   join public.tenants t on t.id = tenant
                   where r.tenant_id = tenant and r.user_id = who
                   and t.settings -> 'security' -> 'mfaRoles' ? r.role_key)
        or exists (select from public.tenants t
                   where t.id = tenant and t.kind = 'platform'
                   and t.settings #> '{operators,needFactor}' is distinct from 'false'::jsonb)
$$;

create trigger mfa_operators after update on public.tenants
    for each row when (old.kind = 'platform'
                       and old.settings #> '{operators,needFactor}'
                           is distinct from new.settings #> '{operators,needFactor}')
    execute function house.mfa_change();

-- ---- the end of a session ----

-- Without use it ends sooner (expires_at); with all use then.
alter table everyone.sessions add column ends_at timestamptz default now() + interval '30 days';
alter table everyone.sessions alter column ends_at drop default;

-- Hours: as the tenant's settings say, of the operators as the platform's do.
create function house.session_hours(tenant uuid) returns integer
language sql stable security definer set search_path = ''
as $$
    select case when t.kind = 'platform'
                then coalesce((t.settings #>> '{operators,sessionHours}')::integer, 12)
                else coalesce((t.settings #>> '{security,sessionHours}')::integer, 720) end
    from public.tenants t
    where t.id = tenant
$$;

create function house.session_ends() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if tg_op = 'INSERT' then
        new.ends_at := now() + make_interval(hours => house.session_hours(new.tenant_id));
    end if;
    new.expires_at := least(new.expires_at, new.ends_at);
    return new;
end
$$;
create trigger ends_insert before insert on everyone.sessions
    for each row execute function house.session_ends();
create trigger ends_update before update of expires_at on everyone.sessions
    for each row execute function house.session_ends();
revoke execute on function house.session_hours(uuid) from public;
