-- Tenants and what is known of them. The table itself is the platform's, so it
-- is not partitioned: the tenant role sees its own row and, for a reseller,
-- those of its children.
create table public.tenants (
    id uuid primary key default house.uuid7(),
    parent_id uuid references public.tenants (id),
    kind text not null check (kind in ('platform', 'reseller', 'business')),
    name text not null check (length(name) between 1 and 200),
    slug text not null check (slug ~ '^[a-z][a-z0-9-]{1,38}[a-z0-9]$'),
    email text,
    phone text,
    address text,
    status text not null default 'trial'
        check (status in ('trial', 'active', 'inactive', 'suspended')),
    status_reason text,
    isolation text not null default 'shared' check (isolation in ('shared', 'schema')),
    plan_level integer not null default 0,
    trial_ends_at timestamptz,
    locale text not null default 'en',
    time_zone text not null default 'UTC',
    currency char(3) not null default 'EUR',
    settings jsonb not null default '{}',
    metadata jsonb not null default '{}',
    onboarding jsonb not null default '{}',
    deleted_at timestamptz,
    search_text text generated always as
        (lower(name || ' ' || slug || ' ' || coalesce(email, ''))) stored,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    constraint tenants_slug_key unique (slug),
    constraint tenants_parent_check check ((kind = 'platform') = (parent_id is null))
);
create unique index tenants_one_platform on public.tenants (kind) where kind = 'platform';
create index on public.tenants (parent_id, id);
create index on public.tenants (status, id);
create index on public.tenants (created_at, id);
create index on public.tenants (name, id);
create index on public.tenants using gin (search_text gin_trgm_ops);

create table public.reserved_slugs (slug text primary key);
insert into public.reserved_slugs values
    ('www'), ('api'), ('admin'), ('platform'), ('static'), ('mail'), ('smtp'), ('imap'), ('ftp'),
    ('app'), ('auth'), ('login'), ('logout'), ('signup'), ('account'), ('portal'), ('staff'),
    ('status'), ('help'), ('docs'), ('graphql'), ('metrics'), ('support'), ('billing'), ('root'),
    ('system'), ('public'), ('shared'), ('everyone'), ('house'), ('cdn'), ('assets'), ('files'),
    ('localhost'), ('autoconfig'), ('autodiscover'), ('wpad');

insert into public.tenants (id, kind, name, slug, status)
values ('00000000-0000-7000-8000-000000000001', 'platform', 'Platform', 'platform', 'active');

create function house.tenant_check() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if (tg_op = 'INSERT' or new.slug <> old.slug)
       and exists (select from public.reserved_slugs r where r.slug = new.slug) then
        raise exception '409 slug_reserved: This slug is reserved.' using errcode = 'TU000';
    end if;
    if tg_op = 'UPDATE'
       and (new.kind <> old.kind or new.parent_id is distinct from old.parent_id) then
        raise exception '409 tenant_fixed: A tenant keeps its kind and its parent.'
            using errcode = 'TU000';
    end if;
    if new.parent_id is not null and not exists (
        select from public.tenants p where p.id = new.parent_id
        and (p.kind = 'platform' or (p.kind = 'reseller' and new.kind = 'business'))) then
        raise exception '422 parent_invalid: A tenant belongs to the platform or to a reseller.'
            using errcode = 'TU000';
    end if;
    return new;
end
$$;
create trigger "check" before insert or update on public.tenants
    for each row execute function house.tenant_check();

-- What a tenant may not do with its own row, whatever the program that asks for
-- it thinks: it runs with the rights of who asks. Its parent may.
create function house.tenant_guard() returns trigger
language plpgsql as $$
begin
    if (new.status, new.status_reason, new.plan_level, new.trial_ends_at, new.isolation,
        new.deleted_at) is distinct from
       (old.status, old.status_reason, old.plan_level, old.trial_ends_at, old.isolation,
        old.deleted_at) then
        raise exception '403 tenant_protected: A tenant cannot change its own status or plan.'
            using errcode = 'TU000';
    end if;
    return new;
end
$$;
create trigger guard before update on public.tenants
    for each row when (current_user = 'tulou_tenant'
                       and new.id = current_setting('app.tenant_id')::uuid)
    execute function house.tenant_guard();
create trigger touch before update on public.tenants
    for each row execute function house.touch();

-- Its events stand in the tenant's own log.
create function house.tenant_event() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    noise constant text[] := '{search_text,updated_at}';
    before jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) - noise end;
    after jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) - noise end;
    context jsonb := nullif(current_setting('app.context', true), '');
begin
    if tg_op = 'UPDATE' then
        select jsonb_object_agg(b.key, b.value), jsonb_object_agg(b.key, after -> b.key)
        into before, after
        from jsonb_each(before) b
        where b.value is distinct from after -> b.key;
        if before is null then
            return null;
        end if;
    end if;
    insert into everyone.events (tenant_id, actor_kind, actor_id, actor_name, impersonator_id,
                                 action, resource_type, resource_id, changes, ip, user_agent,
                                 request_id)
    values (coalesce(new.id, old.id), coalesce(context ->> 'kind', 'system'),
            (context ->> 'actorId')::uuid, context ->> 'actorName',
            (context ->> 'impersonatorId')::uuid, house.event_action('tenants', tg_op), 'tenants',
            coalesce(new.id, old.id)::text, house.event_changes(tg_op, before, after),
            context ->> 'ip', context ->> 'userAgent', context ->> 'requestId');
    return null;
end
$$;
create trigger event after insert or update or delete on public.tenants
    for each row execute function house.tenant_event();

alter table public.tenants enable row level security;
alter table public.tenants force row level security;
create policy own on public.tenants for select to tulou_tenant
    using (id = current_setting('app.tenant_id')::uuid
           or parent_id = current_setting('app.tenant_id')::uuid);
create policy change on public.tenants for update to tulou_tenant
    using (id = current_setting('app.tenant_id')::uuid
           or parent_id = current_setting('app.tenant_id')::uuid)
    with check (id = current_setting('app.tenant_id')::uuid
                or parent_id = current_setting('app.tenant_id')::uuid);
-- Children are a reseller's: a business has none (house.tenant_check), and those
-- of the platform are made by the platform's role.
create policy child on public.tenants for insert to tulou_tenant
    with check (parent_id = current_setting('app.tenant_id')::uuid and kind = 'business'
                and parent_id <> '00000000-0000-7000-8000-000000000001');
create policy platform on public.tenants to tulou_platform using (true) with check (true);
create policy owner on public.tenants to current_user using (true) with check (true);
grant select, insert, update on public.tenants to tulou_tenant;
grant select, insert, update, delete on public.tenants to tulou_platform;
grant select on public.reserved_slugs to tulou_tenant, tulou_platform;

-- ---- what belongs to one tenant ----

create table everyone.tenant_domains (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    domain text not null
        check (length(domain) <= 253
               and domain ~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$'),
    is_primary boolean not null default false,
    verification_token text not null
        default encode(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), 'hex'),
    verified_at timestamptz,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id)
) partition by list (tenant_id);
create index on everyone.tenant_domains (domain);
call house.tenant_table('tenant_domains', event => 'tenants.domains');

-- A domain is one tenant's: a unique index cannot say that across partitions.
create table house.domains (
    domain text primary key,
    tenant_id uuid not null,
    verified boolean not null
);
create function house.domain_claim() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if tg_op <> 'INSERT' then
        delete from house.domains d where d.domain = old.domain and d.tenant_id = old.tenant_id;
    end if;
    if tg_op <> 'DELETE' then
        insert into house.domains values (new.domain, new.tenant_id, new.verified_at is not null);
    end if;
    return null;
exception when unique_violation then
    raise exception '409 domain_taken: This domain is taken.' using errcode = 'TU000';
end
$$;
create trigger claim after insert or update or delete on everyone.tenant_domains
    for each row execute function house.domain_claim();

create table everyone.tenant_branding (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    name text,
    logo_url text,
    favicon_url text,
    primary_color text check (primary_color ~ '^#[0-9a-f]{6}$'),
    accent_color text check (accent_color ~ '^#[0-9a-f]{6}$'),
    login_text text,
    footer text,
    email_sender text,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint tenant_branding_one_key unique (tenant_id)
) partition by list (tenant_id);
call house.tenant_table('tenant_branding', event => 'tenants.branding');

create table everyone.tenant_quotas (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    key text not null
        check (key in ('users', 'storage_bytes', 'api_calls_per_day', 'customers',
                       'emails_per_month')),
    most bigint check (most >= 0),
    used bigint not null default 0 check (used >= 0),
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint tenant_quotas_key_key unique (tenant_id, key)
) partition by list (tenant_id);
call house.tenant_table('tenant_quotas');

create table public.feature_flags (
    key text primary key check (key ~ '^[a-z][a-z0-9_]*$'),
    description text not null,
    enabled boolean not null default false,
    from_level integer
);
grant select on public.feature_flags to tulou_tenant, tulou_platform;
grant insert, update, delete on public.feature_flags to tulou_platform;
insert into public.feature_flags values
    ('crm', 'Leads, contacts and deals', true, null),
    ('custom_roles', 'Roles of one''s own', true, null),
    ('custom_domains', 'Domains of one''s own', false, 1),
    ('api_access', 'Access by API', true, null),
    ('audit_export', 'Export of the audit log', true, null);

create table everyone.tenant_features (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    key text not null references public.feature_flags (key),
    enabled boolean not null,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint tenant_features_key_key unique (tenant_id, key)
) partition by list (tenant_id);
call house.tenant_table('tenant_features', event => 'tenants.features');

create table everyone.venues (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    name text not null check (length(name) between 1 and 200),
    address text,
    capacity integer check (capacity >= 0),
    opening_hours jsonb,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id)
) partition by list (tenant_id);
create index on everyone.venues (tenant_id, name, id);
call house.tenant_table('venues', event => 'tenants.venues');

-- Every tenant has its quotas from the beginning; no limit is null.
create function house.quotas_begin(tenant uuid) returns void
language sql
begin atomic
    insert into everyone.tenant_quotas (tenant_id, key)
    select tenant, k
    from unnest(array['users', 'storage_bytes', 'api_calls_per_day', 'customers',
                      'emails_per_month']) k;
end;
create function house.tenant_begin() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    perform house.quotas_begin(new.id);
    return null;
end
$$;
create trigger begin after insert on public.tenants
    for each row execute function house.tenant_begin();
do $$ begin perform house.quotas_begin('00000000-0000-7000-8000-000000000001'); end $$;

-- ---- resolution ----

-- Features are decided here alone: the default, the plan's level, the tenant's own.
create function house.tenant_features(tenant uuid, level integer) returns jsonb
language sql stable security definer set search_path = ''
as $$
    select coalesce(jsonb_object_agg(f.key, coalesce(o.enabled,
                                                     f.enabled or coalesce(level >= f.from_level,
                                                                           false))), '{}')
    from public.feature_flags f
    left join everyone.tenant_features o on o.tenant_id = tenant and o.key = f.key
$$;

-- What resolution may show of a tenant, to whoever asks by host, slug or id (one
-- of them): nothing that its sign-in page does not show anyway, and settings, in
-- which no secret has a place. Branding is inherited, value by value: own, the
-- reseller's, the platform's.
create function house.tenant_resolve(by_domain text, by_slug text, by_id uuid)
returns table (id uuid, parent_id uuid, kind text, status text, name text, slug text,
               isolation text, locale text, time_zone text, currency text, settings text,
               features text, brand_name text, logo_url text, favicon_url text,
               primary_color text, accent_color text, login_text text, footer text,
               email_sender text)
language sql stable security definer set search_path = ''
as $$
    select t.id, t.parent_id, t.kind, t.status, t.name, t.slug, t.isolation, t.locale,
           t.time_zone, t.currency, t.settings::text,
           house.tenant_features(t.id, t.plan_level)::text,
           coalesce(o.name, t.name), coalesce(o.logo_url, r.logo_url, p.logo_url),
           coalesce(o.favicon_url, r.favicon_url, p.favicon_url),
           coalesce(o.primary_color, r.primary_color, p.primary_color, '#1f5fa8'),
           coalesce(o.accent_color, r.accent_color, p.accent_color, '#b4551d'),
           coalesce(o.login_text, r.login_text, p.login_text),
           coalesce(o.footer, r.footer, p.footer),
           coalesce(o.email_sender, r.email_sender, p.email_sender)
    from public.tenants t
    left join everyone.tenant_branding o on o.tenant_id = t.id
    left join everyone.tenant_branding r on r.tenant_id = t.parent_id
    left join everyone.tenant_branding p on p.tenant_id = '00000000-0000-7000-8000-000000000001'
    where t.deleted_at is null
    and t.id = coalesce(by_id,
                        (select s.id from public.tenants s where s.slug = by_slug),
                        (select d.tenant_id from house.domains d
                         where d.domain = by_domain and d.verified))
$$;
grant execute on function house.tenant_resolve(text, text, uuid),
                          house.tenant_features(uuid, integer)
    to tulou_tenant, tulou_platform;

-- Other machines hear of changes; this one is told through shared memory too.
create function house.tenant_notify() returns trigger
language plpgsql as $$
begin
    perform pg_notify('tenant_changed',
                      to_jsonb(coalesce(new, old)) ->> case tg_table_name when 'tenants' then 'id'
                                                                          else 'tenant_id' end);
    return null;
end
$$;
create trigger notify after insert or update or delete on public.tenants
    for each row execute function house.tenant_notify();
create trigger notify after insert or update or delete on everyone.tenant_branding
    for each row execute function house.tenant_notify();
create trigger notify after insert or update or delete on everyone.tenant_features
    for each row execute function house.tenant_notify();
create trigger notify after insert or update or delete on everyone.tenant_domains
    for each row execute function house.tenant_notify();

-- A flag is about every tenant.
create function house.features_notify() returns trigger
language plpgsql as $$
begin
    perform pg_notify('tenant_changed', '*');
    return null;
end
$$;
create trigger notify after insert or update or delete on public.feature_flags
    for each statement execute function house.features_notify();
