-- What the role of the tenants may ask of the house: about the tenant that is set,
-- and no other. (A function that runs with the owner's rights and answers about
-- others is found by tests/security/definers.sql.)

-- ---- a tenant, from its host ----

-- Who is behind a host, a slug or an id: its id alone, which is no secret. All
-- else is asked for once that tenant is set.
create function house.tenant_id_of(by_domain text, by_slug text, by_id uuid) returns uuid
language sql stable security definer set search_path = ''
as $$select r.id from house.tenant_resolve(by_domain, by_slug, by_id) r$$;

create function house.tenant_here()
returns table (id uuid, parent_id uuid, kind text, status text, name text, slug text,
               isolation text, locale text, time_zone text, currency text, settings text,
               features text, brand_name text, logo_url text, favicon_url text,
               primary_color text, accent_color text, login_text text, footer text,
               email_sender text, networks text, domain text, unverified boolean)
language sql stable security definer set search_path = ''
as $$
    select t.*, house.tenant_networks(t.id), house.tenant_domain(t.id),
           house.tenant_unverified(t.id)
    from house.tenant_resolve(null, null, current_setting('app.tenant_id')::uuid) t
$$;

create function house.features_here() returns jsonb
language sql stable security definer set search_path = ''
as $$
    select house.tenant_features(t.id, t.plan_level)
    from public.tenants t
    where t.id = current_setting('app.tenant_id')::uuid
$$;

create function house.mfa_needed_here(who uuid) returns boolean
language sql stable security definer set search_path = ''
as $$select house.mfa_needed(current_setting('app.tenant_id')::uuid, who)$$;

grant execute on function house.tenant_id_of(text, text, uuid), house.tenant_here(),
                          house.features_here(), house.mfa_needed_here(uuid)
    to tulou_tenant, tulou_platform;
revoke execute on function house.tenant_resolve(text, text, uuid), house.tenant_networks(uuid),
                           house.tenant_domain(uuid), house.tenant_unverified(uuid),
                           house.tenant_features(uuid, integer), house.may_have_domains(uuid),
                           house.mfa_needed(uuid, uuid)
    from public, tulou_tenant;

-- ---- what is void ----

-- Every area of a machine must know it, and anybody may listen to a channel; so
-- ids go about as hashes: who has the id knows it again, nobody learns one.
create function house.id_hash(id uuid) returns text
language sql immutable
return encode(sha256(convert_to(id::text, 'UTF8')), 'hex');

create or replace function house.revoked_notify(subject uuid, at timestamptz, tenant uuid)
returns void
language sql
return pg_notify('revoked', house.id_hash(subject) || ' '
                            || (extract(epoch from at) * 1000000)::bigint || ' '
                            || house.id_hash(tenant));

create function house.recent_revoked(minutes integer)
returns table (subject text, at timestamptz, tenant text)
language sql stable security definer set search_path = ''
as $$
    select house.id_hash(r.subject), r.at, house.id_hash(r.tenant_id)
    from house.recent_revocations(minutes) r
$$;
grant execute on function house.id_hash(uuid), house.recent_revoked(integer)
    to tulou_tenant, tulou_platform;
revoke execute on function house.recent_revocations(integer)
    from public, tulou_tenant, tulou_platform;

-- ---- a tenant's own row ----

-- When it must be verified, too.
create or replace function house.tenant_guard() returns trigger
language plpgsql as $$
begin
    if (new.status, new.status_reason, new.plan_level, new.trial_ends_at, new.isolation,
        new.deleted_at, new.verify_by) is distinct from
       (old.status, old.status_reason, old.plan_level, old.trial_ends_at, old.isolation,
        old.deleted_at, old.verify_by) then
        raise exception '403 tenant_protected: A tenant cannot change its own status or plan.'
            using errcode = 'TU000';
    end if;
    return new;
end
$$;

-- ---- large objects ----

-- They belong to no tenant and nothing bounds them; nothing here uses them. Only a
-- superuser may take them from everybody: where the owner is none, docs/security.md
-- says what its operator does.
do $$
declare
    it record;
begin
    for it in select p.oid::regprocedure as name from pg_proc p
              where p.pronamespace = 'pg_catalog'::regnamespace
              and p.proname ~ '^(lo_.*|lowrite|loread)$' loop
        if (select r.rolsuper from pg_roles r where r.rolname = current_user) then
            execute format('revoke execute on function %s from public', it.name);
        end if;
    end loop;
end
$$;
