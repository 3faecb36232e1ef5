-- Signing in by a tenant's own OpenID providers.

-- `client_secret` is sealed (lib/base/secret.h); '' is a public client. `rank` is
-- that of whoever saved it last: a provider says who somebody is, so it lets in
-- nobody who is ranked above the one who chose it.
create table everyone.sso_providers (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    name text not null check (length(name) between 1 and 60),
    issuer text not null check (length(issuer) <= 500),
    client_id text not null check (length(client_id) between 1 and 300),
    client_secret text not null default '',
    scopes text not null default 'openid email profile' check (length(scopes) <= 500),
    enabled boolean not null default true,
    create_users boolean not null default false,
    default_role text,
    role_mapping jsonb not null default '[]',
    roles_follow boolean not null default false,
    email_domains jsonb not null default '[]',
    mfa_values jsonb not null default '[]',
    rank integer not null default 0,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint sso_providers_name_key unique (tenant_id, name)
) partition by list (tenant_id);
create index on everyone.sso_providers (tenant_id, created_at, id);
call house.tenant_table('sso_providers', event => 'access.sso', secret => '{client_secret}');

-- The login page shows a button for each.
create function house.sso_providers_few() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    perform from public.tenants t where t.id = new.tenant_id for no key update;
    if (select count(*) from everyone.sso_providers p where p.tenant_id = new.tenant_id) > 10 then
        raise exception '409 too_many_providers: A tenant has at most ten providers.'
            using errcode = 'TU000';
    end if;
    return null;
end
$$;
create trigger few after insert on everyone.sso_providers
    for each row execute function house.sso_providers_few();

-- Who somebody is at a provider: the subject, which never changes, of the issuer
-- that said so. One account has one identity at a provider, so that whoever gets
-- an address that was another's does not get the account too.
create table everyone.sso_identities (
    tenant_id uuid not null,
    id uuid not null default house.uuid7(),
    provider_id uuid not null,
    user_id uuid not null,
    issuer text not null,
    subject text not null check (length(subject) <= 255),
    email text, -- as it was there at the last sign-in
    last_used_at timestamptz,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint sso_identities_subject_key unique (tenant_id, provider_id, issuer, subject),
    constraint sso_identities_user_id_key unique (tenant_id, provider_id, issuer, user_id),
    constraint sso_identities_provider_id_fkey foreign key (tenant_id, provider_id)
        references everyone.sso_providers (tenant_id, id) on delete cascade,
    constraint sso_identities_user_id_fkey foreign key (tenant_id, user_id)
        references everyone.users (tenant_id, id) on delete cascade
) partition by list (tenant_id);
create index on everyone.sso_identities (tenant_id, user_id);
create index on everyone.sso_identities (tenant_id, created_at, id);
call house.tenant_table('sso_identities', event => 'access.sso_identities');

-- A sign-in that went to the provider and is to come back: once, and to the same
-- browser. Both secrets are the browser's; only their hashes stand here.
create table everyone.sso_requests (
    tenant_id uuid not null,
    id uuid not null default house.uuid7(),
    provider_id uuid not null,
    state_hash text not null,
    browser_hash text not null,
    redirect_uri text not null,
    next text not null,
    expires_at timestamptz not null default clock_timestamp() + interval '10 minutes',
    created_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint sso_requests_provider_id_fkey foreign key (tenant_id, provider_id)
        references everyone.sso_providers (tenant_id, id) on delete cascade
) partition by list (tenant_id);
create index on everyone.sso_requests (tenant_id, state_hash);
create index on everyone.sso_requests (tenant_id, provider_id);
create index on everyone.sso_requests (expires_at);
call house.tenant_table('sso_requests');

-- How a session began. Whoever came by a provider has no password here to change,
-- and needs no second factor here when the provider asked for one.
alter table everyone.sessions
    add column by_sso boolean not null default false,
    add column provider_mfa boolean not null default false;
-- The second step comes after the first, whichever it was.
alter table everyone.sign_in_tickets
    add column by_sso boolean not null default false;

create or replace function house.mfa_recheck(tenant uuid, who uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
    told uuid[];
begin
    with needs as (
        select s.id, not s.provider_mfa and house.must_enrol(s.tenant_id, s.user_id) as enrol
        from everyone.sessions s
        where s.tenant_id = tenant and (who is null or s.user_id = who)
        and s.revoked_at is null and s.expires_at > now()
    ), changed as (
        update everyone.sessions s
        set must_enrol = n.enrol
        from needs n
        where s.tenant_id = tenant and s.id = n.id and s.must_enrol <> n.enrol
        returning s.user_id
    )
    select array_agg(distinct c.user_id) into told from changed c;
    perform house.rights_change(tenant, affected) from unnest(told) affected;
end
$$;
