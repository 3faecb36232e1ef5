-- What proves to other tenants that an account is the person's whose address it has:
-- that somebody who reads the mail to that address took it into their hands. A
-- tenant's provider that says so, or an administrator who writes it, proves nothing
-- outside that tenant.

-- Set when a link of ours was followed; `used_at` is also set of those that are void.
alter table everyone.links add column opened_at timestamptz;

-- `email_proven_at`: a link that was sent to the address was followed.
-- `password_foreign`: somebody else chose the password or the address, and the person
-- has chosen no other by a link of ours since.
alter table everyone.users
    add column email_proven_at timestamptz,
    add column password_foreign boolean not null default false;

-- Until now only links and providers confirmed addresses.
alter table everyone.users disable trigger user;
update everyone.users u
set email_proven_at = u.email_verified_at,
    password_foreign = u.must_change_password
where not exists (select from everyone.sso_identities i
                  where i.tenant_id = u.tenant_id and i.user_id = u.id);
alter table everyone.users enable trigger user;

-- Whether it is the user themselves who acts: no administrator, program or operator.
create function house.acts_in_person(who uuid) returns boolean
language sql stable
as $$
    select context ->> 'kind' = 'user' and context ->> 'actorId' = who::text
           and context ->> 'impersonatorId' is null
    from (select coalesce(nullif(current_setting('app.context', true), ''), '{}')::jsonb) as c (context)
$$;

-- Whoever writes the credentials, and by whichever way: what they mean follows from
-- who acts and from the link that was followed in the same transaction. (The system
-- itself only stores the same password with another cost.)
create function house.user_hands() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    own constant boolean := coalesce(house.acts_in_person(new.id), false);
    actor constant text := nullif(current_setting('app.context', true), '')::jsonb ->> 'kind';
    followed text[];
begin
    if tg_op = 'INSERT' then
        new.email_proven_at := null;
        new.password_foreign := new.password_hash is not null and not own;
        return new;
    end if;
    select array_agg(l.purpose) into followed
    from everyone.links l
    where l.tenant_id = new.tenant_id and l.user_id = new.id and l.opened_at = now()
    and l.email = new.email;
    if new.email <> old.email then
        new.email_proven_at := null;
        new.password_foreign := new.password_foreign or not own;
    end if;
    if followed is not null then
        new.email_proven_at := now();
    end if;
    if new.password_hash is distinct from old.password_hash then
        new.password_foreign := case
            when followed && '{password_reset,invitation}' then false
            else new.password_foreign or not (own or coalesce(actor = 'system', false)) end;
    end if;
    return new;
end
$$;
create trigger hands_insert before insert on everyone.users
    for each row execute function house.user_hands();
create trigger hands before update on everyone.users
    for each row when (old.email <> new.email
                       or old.password_hash is distinct from new.password_hash
                       or new.email_proven_at is null)
    execute function house.user_hands();

-- ---- what a session may vouch for ----

-- Why it vouches for nobody in other tenants; null: it does. Asked wherever a
-- session links or switches.
create function house.session_vouches_not(tenant uuid, of_session uuid) returns text
language sql stable security definer set search_path = ''
as $$
    select case
        when s.impersonator_id is not null or s.revoked_at is not null or s.expires_at <= now()
             or u.status <> 'active' then 'link_session_over'
        when s.by_sso then 'link_by_sso'
        when u.password_foreign then 'link_password_foreign'
        when u.email_proven_at is null then 'link_email_unverified'
    end
    from (values (of_session)) as asked (id)
    left join everyone.sessions s on s.tenant_id = tenant and s.id = asked.id
    left join everyone.users u on u.tenant_id = s.tenant_id and u.id = s.user_id
$$;
revoke execute on function house.session_vouches_not(uuid, uuid) from public;
grant execute on function house.session_vouches_not(uuid, uuid) to tulou_platform;

-- Of the tenant that is set, for its pages.
create function house.own_session_vouches_not(of_session uuid) returns text
language sql stable security definer set search_path = ''
as $$
    select house.session_vouches_not(current_setting('app.tenant_id')::uuid, of_session)
$$;
grant execute on function house.own_session_vouches_not(uuid) to tulou_tenant, tulou_platform;

create or replace function house.may_be_linked(tenant uuid, who uuid) returns boolean
language sql stable security definer set search_path = ''
as $$
    select exists (
        select from everyone.users u
        join public.tenants t on t.id = u.tenant_id
        where u.tenant_id = tenant and u.id = who and u.status = 'active'
        and u.email_proven_at is not null and not u.password_foreign
        and t.deleted_at is null and t.kind <> 'platform'
        and (t.status in ('trial', 'active')
             or (t.status = 'suspended' and exists (
                 select from everyone.user_roles r
                 where r.tenant_id = u.tenant_id and r.user_id = u.id
                 and r.role_key in ('owner', 'reseller_admin')))))
$$;

create or replace function house.workspaces(of_session uuid)
returns table (id uuid, tenant_id uuid, user_id uuid, slug text, name text,
               linked_at timestamptz)
language sql stable security definer set search_path = ''
as $$
    select o.id, o.tenant_id, o.user_id, t.slug, t.name, o.created_at
    from everyone.sessions s
    join everyone.users me on me.tenant_id = s.tenant_id and me.id = s.user_id
    join everyone.account_links mine
        on mine.tenant_id = s.tenant_id and mine.user_id = s.user_id
    join everyone.account_links o
        on o.person_id = mine.person_id and o.tenant_id <> mine.tenant_id
    join everyone.users u on u.tenant_id = o.tenant_id and u.id = o.user_id
    join public.tenants t on t.id = o.tenant_id
    where s.tenant_id = current_setting('app.tenant_id')::uuid and s.id = of_session
    and house.session_vouches_not(s.tenant_id, s.id) is null and u.email = me.email
    and house.may_be_linked(o.tenant_id, o.user_id)
    order by t.name, o.id
    limit 20
$$;

-- Both sessions must vouch for their accounts, of the same address. All who link
-- accounts of one address do it one after the other.
create or replace function house.link_accounts(tenant_a uuid, session_a uuid, tenant_b uuid,
                                               session_b uuid) returns void
language plpgsql as $$
declare
    a record;
    b record;
    person_a uuid;
    person_b uuid;
    -- Of a session that is over nothing else is told; all the rest is less grave.
    why constant text := (
        select w.code
        from unnest(array[house.session_vouches_not(tenant_a, session_a),
                          house.session_vouches_not(tenant_b, session_b)]) as w (code)
        where w.code is not null
        order by w.code <> 'link_session_over', w.code = 'link_email_unverified', w.code
        limit 1);
begin
    if why = 'link_session_over' then
        raise exception '409 link_session_over: One of the two sessions is over.'
            using errcode = 'TU000';
    end if;
    select u.id, u.email into a
    from everyone.sessions s
    join everyone.users u on u.tenant_id = s.tenant_id and u.id = s.user_id
    where s.tenant_id = tenant_a and s.id = session_a;
    select u.id, u.email into b
    from everyone.sessions s
    join everyone.users u on u.tenant_id = s.tenant_id and u.id = s.user_id
    where s.tenant_id = tenant_b and s.id = session_b;
    if tenant_a = tenant_b then
        raise exception '409 link_same_tenant: Both accounts are of the same workspace.'
            using errcode = 'TU000';
    end if;
    if a.email <> b.email then
        raise exception '409 link_email_differs: Only accounts of the same e-mail address can be linked.'
            using errcode = 'TU000';
    end if;
    if exists (select from public.tenants t where t.id in (tenant_a, tenant_b)
               and t.kind = 'platform') then
        raise exception '409 link_refused: These accounts cannot be linked.' using errcode = 'TU000';
    end if;
    if why = 'link_by_sso' then
        raise exception '409 link_by_sso: A session that began by single sign-on links nothing. Sign in to both workspaces with a password of your own.'
            using errcode = 'TU000';
    end if;
    if why = 'link_password_foreign' then
        raise exception '409 link_password_foreign: Somebody else chose your password or address in one of the workspaces. Choose a password there by the link of "Forgot password?" first.'
            using errcode = 'TU000';
    end if;
    if why is not null then
        raise exception '409 link_email_unverified: Confirm your e-mail address in both workspaces first, by the link that we send you.'
            using errcode = 'TU000';
    end if;
    if not (house.may_be_linked(tenant_a, a.id) and house.may_be_linked(tenant_b, b.id)) then
        raise exception '409 link_refused: These accounts cannot be linked.' using errcode = 'TU000';
    end if;
    perform pg_advisory_xact_lock(hashtextextended('link ' || a.email, 0));
    select l.person_id into person_a from everyone.account_links l
    where l.tenant_id = tenant_a and l.user_id = a.id;
    select l.person_id into person_b from everyone.account_links l
    where l.tenant_id = tenant_b and l.user_id = b.id;
    if person_a = person_b then
        return;
    end if;
    if person_a is null then
        perform house.act_as_own(a.id);
        person_a := coalesce(person_b, gen_random_uuid());
        insert into everyone.account_links (tenant_id, user_id, person_id)
        values (tenant_a, a.id, person_a);
    end if;
    if person_b is null then
        perform house.act_as_own(b.id);
        insert into everyone.account_links (tenant_id, user_id, person_id)
        values (tenant_b, b.id, person_a);
    elsif person_b <> person_a then
        perform set_config('app.context', '{"kind": "system"}', true);
        update everyone.account_links l
        set person_id = person_a
        where l.person_id = person_b;
    end if;
end
$$;

create or replace function house.link_holds(tenant uuid, who uuid, parent uuid) returns boolean
language plpgsql as $$
declare
    home uuid;
begin
    select s.tenant_id into home
    from everyone.sessions s
    join everyone.account_links f on f.tenant_id = s.tenant_id and f.user_id = s.user_id
    join everyone.account_links l on l.person_id = f.person_id
    join everyone.users u on u.tenant_id = l.tenant_id and u.id = l.user_id
    join everyone.users v on v.tenant_id = f.tenant_id and v.id = f.user_id and v.email = u.email
    where s.id = parent and l.tenant_id = tenant and l.user_id = who
    for share of f, l;
    return found and house.session_vouches_not(home, parent) is null
           and house.may_be_linked(tenant, who);
end
$$;

-- A link ends with what it stood on: the address, the proof of it, the hands that
-- the password was in.
create or replace function house.link_check() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if new.email <> old.email or new.email_proven_at is null or new.password_foreign then
        perform house.link_end(new.tenant_id, new.id);
    end if;
    return null;
end
$$;
drop trigger link_check on everyone.users;
create trigger link_check after update on everyone.users
    for each row when (old.email <> new.email
                       or old.password_foreign <> new.password_foreign
                       or old.email_proven_at is distinct from new.email_proven_at)
    execute function house.link_check();
