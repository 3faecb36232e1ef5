-- Keys for programs, and operators who act as somebody else's user.

-- permissions: grants, never more than the maker's; what the maker lost since
-- does not count. networks: where it may be used from, none is everywhere.
create table everyone.api_keys (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    name text not null check (length(name) between 1 and 100),
    prefix text not null,
    key_hash text not null,
    permissions jsonb not null default '[]',
    networks jsonb not null default '[]',
    expires_at timestamptz,
    last_used_at timestamptz,
    created_by uuid not null,
    revoked_at timestamptz,
    created_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint api_keys_key_hash_key unique (tenant_id, key_hash),
    constraint api_keys_created_by_fkey foreign key (tenant_id, created_by)
        references everyone.users (tenant_id, id) on delete cascade
) partition by list (tenant_id);
create index on everyone.api_keys (tenant_id, created_by);
create index on everyone.api_keys (tenant_id, created_at, id);
create index on everyone.api_keys (tenant_id, name, id);
create index on everyone.api_keys (tenant_id, last_used_at, id);
call house.tenant_table('api_keys', event => 'access.api_keys', secret => '{key_hash}');

-- Other machines hear of it as they hear of sessions.
create function house.api_key_revoked() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    perform house.revoked_notify(old.id, clock_timestamp(), old.tenant_id);
    return null;
end
$$;
create trigger revoked after update on everyone.api_keys
    for each row when ((old.revoked_at, old.permissions, old.networks, old.expires_at)
                       is distinct from
                       (new.revoked_at, new.permissions, new.networks, new.expires_at))
    execute function house.api_key_revoked();
create trigger revoked_end after delete on everyone.api_keys
    for each row execute function house.api_key_revoked();

-- An operator acts as the session's user: who, what for; such a session ends at
-- expires_at, whatever happens in it. The ticket leads from the platform's host
-- to the tenant's.
alter table everyone.sessions
    add column impersonator_id uuid,
    add column impersonator_name text,
    add column reason text;
alter table everyone.sign_in_tickets
    add column impersonator_id uuid,
    add column impersonator_name text,
    add column reason text,
    add column minutes integer;

create index on everyone.ip_rules (tenant_id, created_at, id);
