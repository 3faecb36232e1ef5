-- Logos that tenants uploaded: of a type that the program knew by its content.
create table everyone.tenant_logos (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    type text not null check (type in ('image/png', 'image/jpeg', 'image/webp')),
    data bytea not null check (length(data) <= 262144),
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint tenant_logos_one_key unique (tenant_id)
) partition by list (tenant_id);
call house.tenant_table('tenant_logos');

-- What a page of the tenant shows to everybody: its own, its reseller's, the
-- platform's, as branding is inherited.
create function house.tenant_logo(tenant uuid) returns table (type text, hex text)
language sql stable security definer set search_path = ''
as $$
    select l.type, encode(l.data, 'hex')
    from public.tenants t
    join everyone.tenant_logos l
        on l.tenant_id in (t.id, t.parent_id, '00000000-0000-7000-8000-000000000001')
    where t.id = tenant
    order by l.tenant_id = t.id desc, coalesce(l.tenant_id = t.parent_id, false) desc
    limit 1
$$;
grant execute on function house.tenant_logo(uuid) to tulou_tenant, tulou_platform;
