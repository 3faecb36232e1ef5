-- Second factors of signing in: codes of an authenticator app and recovery codes;
-- and what remembers a sign-in that is half done.

-- A factor counts once it is confirmed. `secret` is sealed (lib/base/secret.h).
create table everyone.mfa_factors (
    tenant_id uuid not null,
    id uuid not null default house.uuid7(),
    user_id uuid not null,
    kind text not null check (kind in ('totp', 'passkey')),
    name text not null check (length(name) between 1 and 100),
    secret text,
    last_step bigint not null default 0, -- of time, whose code was used: no earlier one may be
    confirmed_at timestamptz,
    last_used_at timestamptz,
    created_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint mfa_factors_user_id_fkey foreign key (tenant_id, user_id)
        references everyone.users (tenant_id, id) on delete cascade
) partition by list (tenant_id);
create index on everyone.mfa_factors (tenant_id, user_id);
create index on everyone.mfa_factors (created_at) where confirmed_at is null;
call house.tenant_table('mfa_factors');

create table everyone.recovery_codes (
    tenant_id uuid not null,
    id uuid not null default house.uuid7(),
    user_id uuid not null,
    code_hash text not null,
    used_at timestamptz,
    created_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint recovery_codes_code_hash_key unique (tenant_id, user_id, code_hash),
    constraint recovery_codes_user_id_fkey foreign key (tenant_id, user_id)
        references everyone.users (tenant_id, id) on delete cascade
) partition by list (tenant_id);
call house.tenant_table('recovery_codes');

-- A ticket leads to a workspace, or to the second step of signing in.
alter table everyone.sign_in_tickets
    add column purpose text not null default 'workspace'
        check (purpose in ('workspace', 'second_step'));

-- When the one signed in last proved to be there, and whether a second factor
-- must be set up before anything else.
alter table everyone.sessions
    add column confirmed_at timestamptz not null default clock_timestamp(),
    add column must_enrol boolean not null default false;

alter table everyone.users
    add column mfa_required boolean not null default false;

-- ---- who needs a factor ----

-- Of whom an administrator asked it, and all who have one of the roles in the
-- tenant's setting security.mfaRoles.
create function house.mfa_needed(tenant uuid, who uuid) returns boolean
language sql stable security definer set search_path = ''
as $$
    select exists (select from everyone.users u
                   where u.tenant_id = tenant and u.id = who and u.mfa_required)
        or exists (select from everyone.user_roles r
                   join public.tenants t on t.id = tenant
                   where r.tenant_id = tenant and r.user_id = who
                   and t.settings -> 'security' -> 'mfaRoles' ? r.role_key)
$$;
grant execute on function house.mfa_needed(uuid, uuid) to tulou_tenant, tulou_platform;

create function house.must_enrol(tenant uuid, who uuid) returns boolean
language sql stable
as $$
    select house.mfa_needed(tenant, who)
       and not exists (select from everyone.mfa_factors f
                       where f.tenant_id = tenant and f.user_id = who
                       and f.confirmed_at is not null)
$$;

create function house.session_must_enrol() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    new.must_enrol := house.must_enrol(new.tenant_id, new.user_id);
    return new;
end
$$;
create trigger must_enrol before insert on everyone.sessions
    for each row execute function house.session_must_enrol();

-- Sessions that are open are told too, and access tokens that say otherwise are void.
create function house.mfa_recheck(tenant uuid, who uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
    told uuid[];
begin
    with changed as (
        update everyone.sessions s
        set must_enrol = house.must_enrol(s.tenant_id, s.user_id)
        where s.tenant_id = tenant and (who is null or s.user_id = who)
        and s.revoked_at is null and s.expires_at > now()
        and s.must_enrol <> house.must_enrol(s.tenant_id, s.user_id)
        returning s.user_id
    )
    select array_agg(distinct c.user_id) into told from changed c;
    perform house.rights_change(tenant, affected) from unnest(told) affected;
end
$$;

-- Argument: the column that names the user; without one, everybody of the tenant
-- whose row it is.
create function house.mfa_change() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    it constant jsonb := to_jsonb(coalesce(new, old));
begin
    if tg_nargs = 0 then
        perform house.mfa_recheck((it ->> 'id')::uuid, null);
    else
        perform house.mfa_recheck((it ->> 'tenant_id')::uuid, (it ->> tg_argv[0])::uuid);
    end if;
    return null;
end
$$;
create trigger mfa after insert or delete on everyone.user_roles
    for each row execute function house.mfa_change('user_id');
create trigger mfa after insert or update or delete on everyone.mfa_factors
    for each row execute function house.mfa_change('user_id');
create trigger mfa after update on everyone.users
    for each row when (old.mfa_required is distinct from new.mfa_required)
    execute function house.mfa_change('id');
create trigger mfa after update on public.tenants
    for each row when (old.settings -> 'security' -> 'mfaRoles'
                       is distinct from new.settings -> 'security' -> 'mfaRoles')
    execute function house.mfa_change();
