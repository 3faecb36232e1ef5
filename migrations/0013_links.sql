-- Links that go out by e-mail and work once: only the hash of the token stands
-- here. A link belongs to the address that it was sent to, so that it ends when
-- the account's address changes; `email` of an e-mail change is the new one.
create table everyone.links (
    tenant_id uuid not null,
    id uuid not null default house.uuid7(),
    user_id uuid not null,
    purpose text not null
        check (purpose in ('password_reset', 'invitation', 'email_verification', 'email_change')),
    email text not null check (email = lower(email) and length(email) <= 254),
    token_hash text not null,
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null,
    used_at timestamptz, -- or when it was voided
    primary key (tenant_id, id),
    constraint links_token_key unique (tenant_id, token_hash),
    constraint links_user_id_fkey foreign key (tenant_id, user_id)
        references everyone.users (tenant_id, id) on delete cascade
) partition by list (tenant_id);
create index on everyone.links (token_hash); -- at the bare domain no tenant is known
create index on everyone.links (tenant_id, user_id, purpose, created_at);
create index on everyone.links (created_at);
call house.tenant_table('links');

-- Whoever has a new password needs no older link to set one, and links of an
-- address that is another's now are nobody's.
create function house.links_end() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    update everyone.links l
    set used_at = now()
    where l.tenant_id = new.tenant_id and l.user_id = new.id and l.used_at is null
    and (old.email <> new.email or l.purpose in ('password_reset', 'invitation'));
    return null;
end
$$;
create trigger links_end after update on everyone.users
    for each row when (old.email <> new.email
                       or old.password_hash is distinct from new.password_hash)
    execute function house.links_end();

-- An address that was changed is not verified, unless the change itself says so.
create function house.email_unverified() returns trigger
language plpgsql as $$
begin
    new.email_verified_at := null;
    return new;
end
$$;
create trigger email_unverified before update on everyone.users
    for each row when (old.email <> new.email
                       and old.email_verified_at is not distinct from new.email_verified_at)
    execute function house.email_unverified();
