-- Logos and photos of users are files too: each the one file that a field of its record holds.
call house.has_files('users');

-- The logo that pages of the tenant that is set show to everybody: its own, its
-- reseller's, the platform's, as branding is inherited.
create function house.logo_here()
returns table (tenant_id uuid, id uuid, name text, type text, bytes bigint, sha256 text, store text)
language sql stable security definer set search_path = ''
as $$
    select f.tenant_id, f.id, f.name, f.type, f.bytes, f.sha256, f.store
    from public.tenants t
    join everyone.files f
        on f.tenant_id in (t.id, t.parent_id, '00000000-0000-7000-8000-000000000001')
        and f.resource = 'tenants' and f.record_id = f.tenant_id and f.field = 'logo'
    where t.id = current_setting('app.tenant_id')::uuid
    order by f.tenant_id = t.id desc, coalesce(f.tenant_id = t.parent_id, false) desc
    limit 1
$$;
grant execute on function house.logo_here() to tulou_tenant, tulou_platform;
