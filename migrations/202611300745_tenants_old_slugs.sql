-- A slug that a tenant gave up leads to it for 90 days more, and is nobody else's
-- meanwhile: links in mails, bookmarks and typed passwords do not arrive at strangers.
create table public.old_slugs (
    slug text primary key,
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    until timestamptz not null default now() + interval '90 days'
);
create index on public.old_slugs (tenant_id);
grant select on public.old_slugs to tulou_platform;

-- Another's, or lately another's.
create function house.slug_is_taken(slug text, by_others_than uuid) returns boolean
language sql stable security definer set search_path = ''
as $$
    select exists (select from public.tenants t
                   where t.slug = $1 and t.id is distinct from by_others_than)
        or exists (select from public.old_slugs o
                   where o.slug = $1 and o.until > now()
                   and o.tenant_id is distinct from by_others_than)
$$;
grant execute on function house.slug_is_taken(text, uuid) to tulou_platform;

-- After the row: whoever waited for the one that gave the slug up sees that it did.
create function house.slug_change() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if house.slug_is_taken(new.slug, new.id) then
        raise exception '409 slug_taken: Another tenant has this slug, or had it within 90 days.'
            using errcode = 'TU000';
    end if;
    delete from public.old_slugs o where o.slug = new.slug;
    if tg_op = 'UPDATE' then
        insert into public.old_slugs (slug, tenant_id) values (old.slug, new.id)
        on conflict (slug) do update set tenant_id = excluded.tenant_id, until = excluded.until;
    end if;
    return null;
end
$$;
create trigger slug_insert after insert on public.tenants
    for each row execute function house.slug_change();
create trigger slug_update after update on public.tenants
    for each row when (old.slug <> new.slug) execute function house.slug_change();

create or replace function house.slug_suggest(name text) returns text
language sql volatile
as $$
    with base as (select house.slug_of(name) as slug),
    candidates as (
        select base.slug || case when n > 1 then '-' || n else '' end as slug, n
        from base, generate_series(1, 60) n
        union all
        select left(base.slug, 30) || '-' || substr(gen_random_uuid()::text, 1, 8), 61
        from base
    )
    select c.slug
    from candidates c
    where not house.slug_is_reserved(c.slug)
    and not house.slug_is_taken(c.slug, null)
    order by c.n
    limit 1
$$;

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
                        (select l.tenant_id from public.old_slugs l
                         where l.slug = by_slug and l.until > now()),
                        (select d.tenant_id from house.domains d
                         where d.domain = by_domain and d.verified
                         and house.may_have_domains(d.tenant_id)))
$$;
