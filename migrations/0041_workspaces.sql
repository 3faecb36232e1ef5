-- One person, several tenants: accounts that somebody showed to be theirs, by a
-- session of each at once. Each row is its own tenant's, and names nobody else:
-- only `person_id`, which means nothing without the others, ties them together.
create table everyone.account_links (
    tenant_id uuid not null,
    id uuid not null default house.uuid7(),
    user_id uuid not null,
    person_id uuid not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint account_links_user_id_key unique (tenant_id, user_id),
    constraint account_links_user_id_fkey foreign key (tenant_id, user_id)
        references everyone.users (tenant_id, id) on delete cascade
) partition by list (tenant_id);
create index on everyone.account_links (person_id);
call house.tenant_table('account_links', event => 'auth.links', secret => '{person_id}');

-- The session at which a row of switches began; null: it is the first itself.
alter table everyone.sessions add column chain_id uuid;
create index on everyone.sessions (chain_id) where chain_id is not null;

-- `link`: shows another workspace who asks to be linked; its chain is the session
-- that asks. `switch`: from one workspace into another.
alter table everyone.sign_in_tickets
    add column chain_id uuid,
    drop constraint sign_in_tickets_purpose_check,
    add constraint sign_in_tickets_purpose_check
        check (purpose in ('workspace', 'second_step', 'link', 'switch'));
create index on everyone.sign_in_tickets (chain_id) where chain_id is not null;

-- Whether the account may be entered by a link, by the same rules as by a password.
-- Operators have other ways into tenants, and nobody has one to them.
create function house.may_be_linked(tenant uuid, who uuid) returns boolean
language sql stable security definer set search_path = ''
as $$
    select exists (
        select from everyone.users u
        join public.tenants t on t.id = u.tenant_id
        where u.tenant_id = tenant and u.id = who and u.status = 'active'
        and u.email_verified_at is not null
        and t.deleted_at is null and t.kind <> 'platform'
        and (t.status in ('trial', 'active')
             or (t.status = 'suspended' and exists (
                 select from everyone.user_roles r
                 where r.tenant_id = u.tenant_id and r.user_id = u.id
                 and r.role_key in ('owner', 'reseller_admin')))))
$$;

-- The other workspaces of the one whose session it is: only a session of the
-- tenant that is set, of the user in person, opens this.
create function house.workspaces(of_session uuid)
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
    and s.impersonator_id is null and s.revoked_at is null and s.expires_at > now()
    and me.status = 'active' and me.email_verified_at is not null and u.email = me.email
    and house.may_be_linked(o.tenant_id, o.user_id)
    order by t.name, o.id
    limit 20
$$;
grant execute on function house.workspaces(uuid) to tulou_tenant, tulou_platform;

-- ---- linking ----

-- Who acts in the events of one tenant is that tenant's own user, never another's.
create function house.act_as_own(who uuid) returns void
language plpgsql as $$
begin
    perform set_config('app.context',
                       (coalesce(nullif(current_setting('app.context', true), ''), '{}')::jsonb
                        || jsonb_build_object('actorId', who))::text, true);
end
$$;

-- Both sessions must be live, in person, and of the same verified address. All who
-- link accounts of one address do it one after the other.
create function house.link_accounts(tenant_a uuid, session_a uuid, tenant_b uuid, session_b uuid)
returns void
language plpgsql as $$
declare
    a record;
    b record;
    person_a uuid;
    person_b uuid;
begin
    select u.id, u.email, u.email_verified_at is not null as verified into a
    from everyone.sessions s
    join everyone.users u on u.tenant_id = s.tenant_id and u.id = s.user_id
    where s.tenant_id = tenant_a and s.id = session_a and s.impersonator_id is null
    and s.revoked_at is null and s.expires_at > now() and u.status = 'active';
    select u.id, u.email, u.email_verified_at is not null as verified into b
    from everyone.sessions s
    join everyone.users u on u.tenant_id = s.tenant_id and u.id = s.user_id
    where s.tenant_id = tenant_b and s.id = session_b and s.impersonator_id is null
    and s.revoked_at is null and s.expires_at > now() and u.status = 'active';
    if a.id is null or b.id is null then
        raise exception '409 link_session_over: One of the two sessions is over.'
            using errcode = 'TU000';
    end if;
    if tenant_a = tenant_b then
        raise exception '409 link_same_tenant: Both accounts are of the same workspace.'
            using errcode = 'TU000';
    end if;
    if a.email <> b.email then
        raise exception '409 link_email_differs: Only accounts of the same e-mail address can be linked.'
            using errcode = 'TU000';
    end if;
    if not (a.verified and b.verified) then
        raise exception '409 link_email_unverified: Confirm your e-mail address in both workspaces first.'
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
grant execute on function house.act_as_own(uuid),
                          house.link_accounts(uuid, uuid, uuid, uuid) to tulou_platform;
grant execute on function house.may_be_linked(uuid, uuid) to tulou_platform;

-- Before a session of a chain opens: both ends are linked still, and stay so until
-- it is committed.
create function house.link_holds(tenant uuid, who uuid, chain uuid) returns boolean
language plpgsql as $$
begin
    perform from everyone.sessions s
    join everyone.account_links f on f.tenant_id = s.tenant_id and f.user_id = s.user_id
    join everyone.account_links l on l.person_id = f.person_id
    join everyone.users u on u.tenant_id = l.tenant_id and u.id = l.user_id
    join everyone.users v on v.tenant_id = f.tenant_id and v.id = f.user_id and v.email = u.email
    where s.id = chain and l.tenant_id = tenant and l.user_id = who
    for share of f, l;
    return found and house.may_be_linked(tenant, who);
end
$$;
grant execute on function house.link_holds(uuid, uuid, uuid) to tulou_platform;

-- ---- the end of a link ----

-- At once: what was opened by it is over too, here and from here. Answers those
-- sessions.
create function house.link_end(tenant uuid, who uuid) returns setof uuid
language plpgsql security definer set search_path = '' as $$
begin
    delete from everyone.account_links l where l.tenant_id = tenant and l.user_id = who;
    if not found then
        return;
    end if;
    delete from everyone.sign_in_tickets t
    where (t.tenant_id = tenant and t.user_id = who and t.chain_id is not null)
    or t.chain_id in (select s.id from everyone.sessions s
                      where s.tenant_id = tenant and s.user_id = who);
    return query
    update everyone.sessions s
    set revoked_at = clock_timestamp(), revoked_why = 'the link between workspaces ended'
    where s.revoked_at is null
    and ((s.tenant_id = tenant and s.user_id = who and s.chain_id is not null)
         or s.chain_id in (select o.id from everyone.sessions o
                           where o.tenant_id = tenant and o.user_id = who))
    returning s.id;
end
$$;
revoke execute on function house.link_end(uuid, uuid) from public;

-- For the tenant that is set.
create function house.link_cut(who uuid) returns setof uuid
language sql security definer set search_path = ''
as $$
    select house.link_end(current_setting('app.tenant_id')::uuid, who)
$$;
grant execute on function house.link_cut(uuid) to tulou_tenant, tulou_platform;

-- A link belongs to the address, and to the hands that had it: who gets the account
-- by a password that somebody else set does not get the others.
create function house.link_check() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    context constant jsonb := nullif(current_setting('app.context', true), '')::jsonb;
begin
    if new.email <> old.email or new.email_verified_at is null
       or (new.password_hash is distinct from old.password_hash
           and context ->> 'kind' in ('user', 'api_key')
           and (context ->> 'actorId' is distinct from new.id::text
                or context ->> 'impersonatorId' is not null)) then
        perform house.link_end(new.tenant_id, new.id);
    end if;
    return null;
end
$$;
create trigger link_check after update on everyone.users
    for each row when (old.email <> new.email
                       or old.password_hash is distinct from new.password_hash
                       or old.email_verified_at is distinct from new.email_verified_at)
    execute function house.link_check();
