-- Settings came in by a side door without rules: what is none of the sections that
-- there are goes, and what is still too large was an attack. From now on the table
-- itself bounds what every process must read with a tenant.
update public.tenants t
set settings = coalesce((select jsonb_object_agg(s.key, s.value)
                         from jsonb_each(t.settings) s
                         where s.key in ('general', 'api', 'security', 'signup', 'deletion')
                               and jsonb_typeof(s.value) = 'object'), '{}')
where t.settings <> '{}';

update public.tenants set settings = '{}' where octet_length(settings::text) > 16384;

alter table public.tenants
    add constraint tenants_settings_size
        check (jsonb_typeof(settings) = 'object' and octet_length(settings::text) <= 16384),
    add constraint tenants_metadata_size check (octet_length(metadata::text) <= 16384),
    add constraint tenants_onboarding_size check (octet_length(onboarding::text) <= 16384);
