-- Signing up by oneself, and the trial that follows.

-- Each sign-up of a day, so that neither a network nor an address gets too many:
-- we write to whatever address is typed. The address is hashed; a job forgets
-- what is older.
create table public.signups (
    id uuid primary key default house.uuid7(),
    network text not null,
    address_hash text not null,
    created_at timestamptz not null default now()
);
create index on public.signups (network, created_at);
create index on public.signups (address_hash, created_at);
create index on public.signups (created_at);
grant select, insert, delete on public.signups to tulou_platform;

-- ---- slugs, now that strangers choose them ----

insert into public.reserved_slugs values
    ('abuse'), ('postmaster'), ('webmaster'), ('hostmaster'), ('security'), ('sso'), ('oauth'),
    ('register'), ('signin'), ('ns1'), ('ns2'), ('mx'), ('vpn'), ('realtime')
on conflict do nothing;

-- "xn--" begins a host name in other letters (RFC 5890 2.3.1), which a browser
-- shows as such: nobody's slug.
create function house.slug_is_reserved(slug text) returns boolean
language sql stable
as $$
    select slug like 'xn--%' or exists (select from public.reserved_slugs r where r.slug = $1)
$$;

create or replace function house.tenant_check() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if (tg_op = 'INSERT' or new.slug <> old.slug) and house.slug_is_reserved(new.slug) then
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

-- A name in the letters of a slug: "Café Zürich & Söhne" is cafe-zurich-sohne.
-- What has no such letters is a "workspace"; three characters at least.
create function house.slug_of(name text) returns text
language plpgsql immutable as $$
declare
    plain text := lower(name);
begin
    plain := replace(replace(replace(replace(plain, 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th');
    plain := translate(plain, 'øłđðı''’', 'olddi');
    plain := regexp_replace(normalize(plain, NFKD), '[\u0300-\u036f]', '', 'g');
    plain := trim(both '-' from regexp_replace(plain, '[^a-z0-9]+', '-', 'g'));
    plain := case when plain ~ '^[0-9]' then 'org-' else '' end || plain;
    plain := trim(both '-' from left(plain, 36));
    if plain = '' then
        return 'workspace';
    end if;
    return case when length(plain) < 3 then plain || '-org' else plain end;
end
$$;

-- The first free one: cafe, cafe-2, cafe-3 …
create function house.slug_suggest(name text) returns text
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
    and not exists (select from public.tenants t where t.slug = c.slug)
    order by c.n
    limit 1
$$;
grant execute on function house.slug_is_reserved(text), house.slug_of(text),
    house.slug_suggest(text) to tulou_platform;

-- ---- trials ----

-- The end that the owners were told of; another one is told anew.
alter table public.tenants add column trial_warned_for timestamptz;
create index on public.tenants (trial_ends_at) where status = 'trial' and deleted_at is null;
