-- Users, their roles and sessions.
create table everyone.users (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    email text not null check (email = lower(email) and length(email) <= 254),
    name text not null check (length(name) between 1 and 200),
    phone text,
    kind text not null default 'staff'
        check (kind in ('operator', 'admin', 'owner', 'student', 'parent', 'staff', 'customer')),
    status text not null default 'active'
        check (status in ('active', 'inactive', 'suspended', 'pending')),
    password_hash text,
    must_change_password boolean not null default false,
    email_verified_at timestamptz,
    locale text,
    avatar text,
    last_login_at timestamptz,
    version integer not null default 1,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint users_email_key unique (tenant_id, email)
) partition by list (tenant_id);
create index on everyone.users (email);
create index on everyone.users (tenant_id, created_at, id);
create index on everyone.users (tenant_id, name, id);
create index on everyone.users (tenant_id, kind, id);
create index on everyone.users (tenant_id, last_login_at, id);
create index on everyone.users (created_at, id);
create index on everyone.users (id); -- operators look without a tenant
call house.tenant_table('users', event => 'users.users', secret => '{password_hash}',
                        search => '{name,email,phone}');

-- Roles that a tenant made; the built-in ones are declared in lib/access/roles.c,
-- and named here, so that a role that is given is always one that there is.
create function house.is_builtin_role(key text) returns boolean
language sql immutable
return key in ('superadmin', 'support', 'finance', 'auditor', 'reseller_admin', 'owner', 'admin',
               'staff', 'customer');
grant execute on function house.is_builtin_role(text) to tulou_tenant, tulou_platform;

create table everyone.roles (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    key text not null
        check (key ~ '^[a-z][a-z0-9_]{1,48}$' and not house.is_builtin_role(key)),
    name text not null check (length(name) between 1 and 100),
    description text,
    rank integer not null default 10 check (rank between 1 and 99),
    inherits text,
    permissions jsonb not null default '[]',
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint roles_key_key unique (tenant_id, key)
) partition by list (tenant_id);
create index on everyone.roles (tenant_id, created_at, id);
call house.tenant_table('roles', event => 'access.roles');

create table everyone.user_roles (
    tenant_id uuid not null,
    id uuid not null default house.uuid7(),
    user_id uuid not null,
    role_key text not null,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint user_roles_role_key unique (tenant_id, user_id, role_key),
    constraint user_roles_user_id_fkey foreign key (tenant_id, user_id)
        references everyone.users (tenant_id, id) on delete cascade
) partition by list (tenant_id);
create index on everyone.user_roles (tenant_id, role_key, user_id);
call house.tenant_table('user_roles', event => 'access.user_roles');

-- A session is the family of its refresh tokens: only the hash of the newest one
-- stands here.
create table everyone.sessions (
    tenant_id uuid not null,
    id uuid not null default house.uuid7(),
    user_id uuid not null,
    kind text not null check (kind in ('token', 'cookie')),
    token_hash text not null,
    ip text,
    user_agent text,
    created_at timestamptz not null default clock_timestamp(),
    last_used_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null,
    revoked_at timestamptz,
    revoked_why text,
    primary key (tenant_id, id),
    constraint sessions_user_id_fkey foreign key (tenant_id, user_id)
        references everyone.users (tenant_id, id) on delete cascade
) partition by list (tenant_id);
create index on everyone.sessions (tenant_id, token_hash);
create index on everyone.sessions (tenant_id, user_id, last_used_at);
create index on everyone.sessions (expires_at);
create index on everyone.sessions (revoked_at) where revoked_at is not null;
call house.tenant_table('sessions');

-- Every refresh token that was ever used up, so that a second use is noticed
-- however old it is.
create table everyone.used_tokens (
    tenant_id uuid not null,
    id uuid not null default house.uuid7(),
    session_id uuid not null,
    token_hash text not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint used_tokens_hash_key unique (tenant_id, token_hash),
    constraint used_tokens_session_id_fkey foreign key (tenant_id, session_id)
        references everyone.sessions (tenant_id, id) on delete cascade
) partition by list (tenant_id);
create index on everyone.used_tokens (tenant_id, session_id);
call house.tenant_table('used_tokens');

create table everyone.login_attempts (
    tenant_id uuid not null,
    id uuid not null default house.uuid7(),
    email text not null,
    ip text,
    user_agent text,
    succeeded boolean not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id)
) partition by list (tenant_id);
create index on everyone.login_attempts (tenant_id, email, created_at) where succeeded;
create index on everyone.login_attempts (email, created_at) where not succeeded;
create index on everyone.login_attempts (ip, created_at) where not succeeded;
create index on everyone.login_attempts (tenant_id, created_at, id);
create index on everyone.login_attempts (created_at);
call house.tenant_table('login_attempts');

-- A tenant's allow list: none is every network.
create table everyone.ip_rules (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    network cidr not null,
    note text,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint ip_rules_network_key unique (tenant_id, network)
) partition by list (tenant_id);
call house.tenant_table('ip_rules', event => 'access.ip_rules');
create trigger notify after insert or update or delete on everyone.ip_rules
    for each row execute function house.tenant_notify();

create function house.tenant_networks(tenant uuid) returns text
language sql stable security definer set search_path = ''
as $$
    select string_agg(r.network::text, ',' order by r.network)
    from everyone.ip_rules r
    where r.tenant_id = tenant
$$;
grant execute on function house.tenant_networks(uuid) to tulou_tenant, tulou_platform;

create table everyone.idempotency_keys (
    tenant_id uuid not null,
    id uuid not null default house.uuid7(),
    actor_id uuid not null,
    key text not null,
    request_sha256 text not null,
    status integer,
    answer text,
    content_type text,
    location text,
    created_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint idempotency_keys_key_key unique (tenant_id, actor_id, key)
) partition by list (tenant_id);
create index on everyone.idempotency_keys (created_at);
call house.tenant_table('idempotency_keys');

-- From the page that lists workspaces at the bare domain to the tenant's host.
create table everyone.sign_in_tickets (
    tenant_id uuid not null,
    id uuid not null default house.uuid7(),
    user_id uuid not null,
    token_hash text not null,
    expires_at timestamptz not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint sign_in_tickets_user_id_fkey foreign key (tenant_id, user_id)
        references everyone.users (tenant_id, id) on delete cascade
) partition by list (tenant_id);
create index on everyone.sign_in_tickets (tenant_id, token_hash);
create index on everyone.sign_in_tickets (expires_at);
call house.tenant_table('sign_in_tickets');

-- Ids of the keys that sign access tokens; the keys themselves derive from the
-- root key and are nowhere.
create table public.signing_keys (
    id text primary key,
    created_at timestamptz not null default clock_timestamp(),
    retired_at timestamptz
);
insert into public.signing_keys values (substr(replace(house.uuid7()::text, '-', ''), 1, 16));
grant select on public.signing_keys to tulou_tenant, tulou_platform;

-- ---- rules that must hold under any parallelism ----

-- The quota of users: counted in the row of the quota, which its update locks,
-- so that of two at once the second waits and then sees the first.
create function house.user_quota() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    step integer := case tg_op when 'INSERT' then 1 else -1 end;
    over boolean;
begin
    update everyone.tenant_quotas q
    set used = greatest(q.used + step, 0)
    where q.tenant_id = coalesce(new.tenant_id, old.tenant_id) and q.key = 'users'
    returning step > 0 and q.used > q.most into over;
    if over then
        raise exception '409 quota_users: The number of users that this tenant may have is reached.'
            using errcode = 'TU000';
    end if;
    return null;
end
$$;
create trigger quota after insert or delete on everyone.users
    for each row execute function house.user_quota();

-- A tenant keeps at least one who holds its highest role and may sign in. The
-- tenant's row is locked, so that of two last owners who go at once the second
-- waits and then finds itself the last. (No key update: it does not wait for
-- those who merely refer to the tenant.)
create function house.keeps_owner(tenant uuid, role text) returns void
language plpgsql as $$
declare
    top text;
begin
    select case t.kind when 'platform' then 'superadmin'
                       when 'reseller' then 'reseller_admin'
                       else 'owner' end
    into top
    from public.tenants t
    where t.id = tenant
    for no key update;
    if not found or role <> top then -- not found: the tenant itself goes
        return;
    end if;
    if not exists (select from everyone.user_roles r
                   join everyone.users u on u.tenant_id = r.tenant_id and u.id = r.user_id
                   where r.tenant_id = tenant and r.role_key = top and u.status = 'active') then
        raise exception '409 last_owner: The last % stays as it is.', top using errcode = 'TU000';
    end if;
end
$$;

create function house.user_change() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    held text;
begin
    if old.status = 'active' then
        for held in
            select r.role_key from everyone.user_roles r
            where r.tenant_id = old.tenant_id and r.user_id = old.id
            and r.role_key in ('owner', 'superadmin', 'reseller_admin')
        loop
            perform house.keeps_owner(old.tenant_id, held);
        end loop;
    end if;
    return null;
end
$$;
create trigger keeps_owner after update on everyone.users
    for each row when (old.status is distinct from new.status)
    execute function house.user_change();

-- Deleting a user deletes its roles first of all, so this sees that too.
create function house.role_change() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if old.role_key in ('owner', 'superadmin', 'reseller_admin') then
        perform house.keeps_owner(old.tenant_id, old.role_key);
    end if;
    return null;
end
$$;
create trigger keeps_owner after update or delete on everyone.user_roles
    for each row execute function house.role_change();

-- A custom role that somebody has, or that another inherits, stays, and only one
-- that there is can be given. Giving it locks it, so that it cannot go at the
-- same moment.
create function house.role_lock() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    perform from everyone.roles r
    where r.tenant_id = new.tenant_id and r.key = new.role_key
    for key share;
    if not found and not house.is_builtin_role(new.role_key) then
        raise exception '422 unknown_role: There is no such role.' using errcode = 'TU000';
    end if;
    return new;
end
$$;
create trigger lock before insert or update on everyone.user_roles
    for each row execute function house.role_lock();

create function house.role_keep() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if (exists (select from everyone.user_roles r
                where r.tenant_id = old.tenant_id and r.role_key = old.key)
        or exists (select from everyone.roles r
                   where r.tenant_id = old.tenant_id and r.inherits = old.key))
       and exists (select from public.tenants t where t.id = old.tenant_id) then
        raise exception '409 role_in_use: Users or other roles still need this role.'
            using errcode = 'TU000';
    end if;
    return old;
end
$$;
create trigger keep before delete on everyone.roles
    for each row execute function house.role_keep();

create function house.user_version() returns trigger
language plpgsql as $$
begin
    new.version := old.version + 1;
    return new;
end
$$;
create trigger version before update on everyone.users
    for each row when ((old.email, old.name, old.phone, old.kind, old.status, old.password_hash,
                        old.locale, old.avatar)
                       is distinct from
                       (new.email, new.name, new.phone, new.kind, new.status, new.password_hash,
                        new.locale, new.avatar))
    execute function house.user_version();

-- ---- what makes access tokens void before they end ----

-- Each loss of somebody's rights, for as long as a token may live that was given
-- before it. (Who gains some sees them with the next token.) Sessions know
-- themselves when they were revoked.
create table house.rights_changes (
    tenant_id uuid not null,
    user_id uuid not null,
    at timestamptz not null default clock_timestamp()
);
create index on house.rights_changes (at);

-- Payload: what is void (a session or a user), when it was in microseconds of
-- this clock, the tenant. A machine that has heard of it from its own program
-- skips it by that.
create function house.revoked_notify(subject uuid, at timestamptz, tenant uuid) returns void
language sql
return pg_notify('revoked',
                 subject || ' ' || (extract(epoch from at) * 1000000)::bigint || ' ' || tenant);

create function house.session_revoked() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    perform house.revoked_notify(new.id, new.revoked_at, new.tenant_id);
    return null;
end
$$;
create trigger revoked after update on everyone.sessions
    for each row when (old.revoked_at is null and new.revoked_at is not null)
    execute function house.session_revoked();

create function house.rights_change(tenant uuid, who uuid) returns void
language plpgsql as $$
declare
    moment constant timestamptz := clock_timestamp();
begin
    insert into house.rights_changes (tenant_id, user_id, at) values (tenant, who, moment);
    perform house.revoked_notify(who, moment, tenant);
end
$$;

create function house.user_rights_change() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    perform house.rights_change(old.tenant_id, (to_jsonb(old) ->> tg_argv[0])::uuid);
    return null;
end
$$;
create trigger rights after update or delete on everyone.user_roles
    for each row execute function house.user_rights_change('user_id');
create trigger rights after update on everyone.users
    for each row when (old.status is distinct from new.status)
    execute function house.user_rights_change('id');
create trigger rights_end after delete on everyone.users
    for each row execute function house.user_rights_change('id');

-- Of a role: all who have it, or one that inherits it.
create function house.role_rights_change() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    perform house.rights_change(old.tenant_id, holder.user_id)
    from (with recursive affected as (
              select old.key, 0 as depth
              union
              select r.key, a.depth + 1
              from affected a
              join everyone.roles r on r.tenant_id = old.tenant_id and r.inherits = a.key
              where a.depth < 5
          )
          select distinct u.user_id
          from affected a
          join everyone.user_roles u on u.tenant_id = old.tenant_id and u.role_key = a.key) holder;
    return null;
end
$$;
create trigger rights after update on everyone.roles
    for each row when ((old.rank, old.inherits, old.permissions)
                       is distinct from (new.rank, new.inherits, new.permissions))
    execute function house.role_rights_change();

-- What the shared memory of a machine must know when it begins.
create function house.recent_revocations(minutes integer)
returns table (subject uuid, at timestamptz, tenant_id uuid)
language sql stable security definer set search_path = ''
as $$
    select s.id, s.revoked_at, s.tenant_id
    from everyone.sessions s
    where s.revoked_at > now() - make_interval(mins => minutes)
    union all
    select c.user_id, max(c.at), c.tenant_id
    from house.rights_changes c
    where c.at > now() - make_interval(mins => minutes)
    group by c.user_id, c.tenant_id
$$;
grant execute on function house.recent_revocations(integer) to tulou_tenant, tulou_platform;

-- For the hourly task of the area `auth`; no token lives for a day.
create function house.forget_rights_changes() returns bigint
language sql security definer set search_path = ''
as $$
    with gone as (
        delete from house.rights_changes c where c.at < now() - interval '1 day' returning 1
    )
    select count(*) from gone
$$;
grant execute on function house.forget_rights_changes() to tulou_platform;
