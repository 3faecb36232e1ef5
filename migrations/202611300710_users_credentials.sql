-- What lets somebody in leaves nothing behind that comes back to life with the account
-- (lib/account/credential.h): a link that went out before, or a key of somebody who could
-- not sign in meanwhile.
create function house.credentials_over() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    update everyone.links l
    set used_at = now()
    where l.tenant_id = new.tenant_id and l.user_id = new.id and l.used_at is null;
    if old.status = 'active' then
        update everyone.api_keys k
        set revoked_at = now()
        where k.tenant_id = new.tenant_id and k.created_by = new.id and k.revoked_at is null;
    end if;
    return null;
end
$$;
create trigger credentials_over after update on everyone.users
    for each row when (old.status <> new.status)
    execute function house.credentials_over();

-- Whoever came in, in whichever way, needs no invitation, and whoever finds an old one
-- shall not choose the password.
create function house.invitation_over() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    update everyone.links l
    set used_at = now()
    where l.tenant_id = new.tenant_id and l.user_id = new.user_id and l.purpose = 'invitation'
    and l.used_at is null;
    return null;
end
$$;
create trigger invitation_over after insert on everyone.sessions
    for each row when (new.impersonator_id is null)
    execute function house.invitation_over();
