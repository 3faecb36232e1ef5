-- Domains of a tenant's own: any tenant may claim one, whoever proves that it is
-- theirs has it.

-- The one place that enforces the feature: claims, proofs and resolution ask here.
create function house.may_have_domains(tenant uuid) returns boolean
language sql stable security definer set search_path = ''
as $$
    select coalesce((select t.kind <> 'platform'
                            and (house.tenant_features(t.id, t.plan_level)
                                 ->> 'custom_domains')::boolean
                     from public.tenants t
                     where t.id = tenant), false)
$$;
grant execute on function house.may_have_domains(uuid) to tulou_tenant, tulou_platform;

-- house.domains has the verified ones alone. Its primary key decides: of two
-- proofs at once the second waits for the first, and then is refused.
create or replace function house.domain_claim() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if tg_op <> 'INSERT' and old.verified_at is not null
       and (tg_op = 'DELETE' or new.verified_at is null or new.domain <> old.domain) then
        delete from house.domains d where d.domain = old.domain and d.tenant_id = old.tenant_id;
    end if;
    if tg_op <> 'DELETE' and new.verified_at is not null
       and (tg_op = 'INSERT' or old.verified_at is null or new.domain <> old.domain) then
        insert into house.domains values (new.domain, new.tenant_id, true);
    end if;
    return null;
exception when unique_violation then
    raise exception '409 domain_taken: Another tenant has proved that this domain is theirs.'
        using errcode = 'TU000';
end
$$;
delete from house.domains d where not d.verified;

-- When its proof was found gone; until then, and for a while after, it stays.
alter table everyone.tenant_domains add column lost_at timestamptz;

create function house.domain_check() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    fresh constant boolean := tg_op = 'INSERT';
begin
    if (fresh or (old.verified_at is null and new.verified_at is not null))
       and not house.may_have_domains(new.tenant_id) then
        raise exception '403 feature_missing: This tenant''s plan has no domains of one''s own.'
            using errcode = 'TU000';
    end if;
    if fresh then
        perform from public.tenants t where t.id = new.tenant_id for no key update;
        if (select count(*) from everyone.tenant_domains d
            where d.tenant_id = new.tenant_id) >= 50 then
            raise exception '409 too_many_domains: A tenant has 50 domains at most.'
                using errcode = 'TU000';
        end if;
    end if;
    if new.verified_at is null then
        new.is_primary := false;
        new.lost_at := null;
    end if;
    return new;
end
$$;
create trigger "check" before insert or update on everyone.tenant_domains
    for each row execute function house.domain_check();

-- Of a tenant's verified domains one is the primary: the first, until another is
-- chosen. The tenant's row is locked, so that two at once see each other.
create function house.domain_settle() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    tenant constant uuid := coalesce(new.tenant_id, old.tenant_id);
begin
    perform from public.tenants t where t.id = tenant for no key update;
    update everyone.tenant_domains d
    set is_primary = true
    where d.tenant_id = tenant
    and d.id = (select f.id from everyone.tenant_domains f
                where f.tenant_id = tenant and f.verified_at is not null
                order by f.verified_at, f.id
                limit 1)
    and not exists (select from everyone.tenant_domains p
                    where p.tenant_id = tenant and p.is_primary);
    return null;
end
$$;

update everyone.tenant_domains d
set is_primary = false
where d.is_primary
and (d.verified_at is null
     or d.id <> (select f.id from everyone.tenant_domains f
                 where f.tenant_id = d.tenant_id and f.is_primary
                 and f.verified_at is not null
                 order by f.id
                 limit 1));
update everyone.tenant_domains d
set is_primary = true
where d.id = (select f.id from everyone.tenant_domains f
              where f.tenant_id = d.tenant_id and f.verified_at is not null
              order by f.is_primary desc, f.verified_at, f.id
              limit 1)
and not d.is_primary;

create trigger settle after delete on everyone.tenant_domains
    for each row when (old.is_primary) execute function house.domain_settle();
create trigger settle_verified after update on everyone.tenant_domains
    for each row when (old.verified_at is distinct from new.verified_at)
    execute function house.domain_settle();

create unique index tenant_domains_one_primary on everyone.tenant_domains (tenant_id)
    where is_primary;
alter table everyone.tenant_domains
    add constraint tenant_domains_domain_key unique (tenant_id, domain),
    add constraint tenant_domains_primary_check check (not is_primary or verified_at is not null);
do $$
declare
    place text;
begin
    for place in
        select 'shared' union all select house.tenant_schema(s.tenant_id)
        from house.tenant_schemas s
    loop
        call house.align_names(place, 'tenant_domains');
    end loop;
end
$$;

-- Runs with the rights of who asks. false: there is no such domain, or nothing
-- proves it.
create function house.domain_make_primary(tenant uuid, chosen uuid) returns boolean
language plpgsql as $$
begin
    perform from public.tenants t where t.id = tenant for no key update;
    perform from tenant_domains d
    where d.tenant_id = tenant and d.id = chosen and d.verified_at is not null
    for update;
    if not found then
        return false;
    end if;
    update tenant_domains
    set is_primary = false
    where tenant_id = tenant and is_primary and id <> chosen;
    update tenant_domains
    set is_primary = true
    where tenant_id = tenant and id = chosen and not is_primary;
    return true;
end
$$;
grant execute on function house.domain_make_primary(uuid, uuid) to tulou_tenant, tulou_platform;

-- ---- looking for the proof ----

-- Apart from the domains themselves, since looking is nothing for the audit log.
-- `id` is the domain's.
create table everyone.domain_checks (
    tenant_id uuid not null,
    id uuid not null,
    begun_at timestamptz not null default clock_timestamp(), -- of looking for the first proof
    checked_at timestamptz,
    next_at timestamptz, -- null: only when asked
    problem text,        -- why the last look found nothing
    primary key (tenant_id, id),
    constraint domain_checks_id_fkey foreign key (tenant_id, id)
        references everyone.tenant_domains (tenant_id, id) on delete cascade
) partition by list (tenant_id);
create index on everyone.domain_checks (next_at);
call house.tenant_table('domain_checks');

create function house.domain_begin() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    insert into everyone.domain_checks (tenant_id, id, next_at)
    values (new.tenant_id, new.id, now() + interval '5 minutes');
    return null;
end
$$;
create trigger begin after insert on everyone.tenant_domains
    for each row execute function house.domain_begin();
insert into everyone.domain_checks (tenant_id, id, next_at)
select d.tenant_id, d.id, now() + interval '5 minutes' from everyone.tenant_domains d;

-- When to look again. Without a proof: a quarter of the time that one has looked,
-- for a week. With one: each day, and more often while it is gone.
create function house.domain_next_check(begun timestamptz, verified boolean, lost boolean)
returns timestamptz
language sql volatile
return case
    when lost then now() + interval '6 hours'
    when verified then now() + interval '1 day'
    when begun > now() - interval '7 days'
        then now() + least(greatest((now() - begun) / 4, interval '5 minutes'), interval '12 hours')
end;

-- What a look found: the proof, none (false), or nothing that could be told
-- (null). `asked`: somebody did, so that looking begins anew. Answers what became
-- of it: verified, lost, found (again), dropped, same; null: there is no such
-- domain. A proof that is gone for two weeks is none any more, so that whoever the
-- domain belongs to by then may have it. Runs with the rights of who asks.
create function house.domain_checked(tenant uuid, claimed uuid, proof boolean, reason text,
                                     asked boolean) returns text
language plpgsql as $$
declare
    was_verified timestamptz;
    was_lost timestamptz;
    outcome text := 'same';
begin
    select d.verified_at, d.lost_at into was_verified, was_lost
    from tenant_domains d
    where d.tenant_id = tenant and d.id = claimed
    for update;
    if not found then
        return null;
    end if;
    if proof and was_verified is null then
        outcome := 'verified';
    elsif proof and was_lost is not null then
        outcome := 'found';
    elsif not proof and was_verified is not null and was_lost is null then
        outcome := 'lost';
    elsif not proof and was_lost < now() - interval '14 days' then
        outcome := 'dropped';
    end if;
    if outcome <> 'same' then
        update tenant_domains
        set verified_at = case outcome when 'verified' then now()
                                       when 'dropped' then null
                                       else verified_at end,
            lost_at = case outcome when 'lost' then now() end
        where tenant_id = tenant and id = claimed;
    end if;
    update domain_checks c
    set begun_at = case when outcome = 'dropped' or (asked and c.next_at is null) then now()
                        else c.begun_at end,
        checked_at = clock_timestamp(),
        problem = case when proof then null else reason end
    where c.tenant_id = tenant and c.id = claimed;
    update domain_checks c
    set next_at = house.domain_next_check(c.begun_at, d.verified_at is not null,
                                          d.lost_at is not null)
    from tenant_domains d
    where c.tenant_id = tenant and c.id = claimed
    and d.tenant_id = c.tenant_id and d.id = c.id;
    return outcome;
end
$$;
grant execute on function house.domain_next_check(timestamptz, boolean, boolean),
                          house.domain_checked(uuid, uuid, boolean, text, boolean)
    to tulou_tenant, tulou_platform;

-- ---- resolution ----

-- The host that links to a tenant name: one whose proof is gone may be somebody
-- else's by now, and the links are secrets.
create function house.tenant_domain(tenant uuid) returns text
language sql stable security definer set search_path = ''
as $$
    select d.domain
    from everyone.tenant_domains d
    where d.tenant_id = tenant and d.is_primary and d.lost_at is null
    and house.may_have_domains(tenant)
$$;
grant execute on function house.tenant_domain(uuid) to tulou_tenant, tulou_platform;

create or replace function house.tenant_resolve(by_domain text, by_slug text, by_id uuid)
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
                         where d.domain = by_domain and d.verified
                         and house.may_have_domains(d.tenant_id)))
$$;
