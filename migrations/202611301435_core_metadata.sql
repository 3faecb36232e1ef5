-- metadata is an object of at most 50 keys (of 100 characters) whose values are texts of at most
-- 500. What a tenant had there that is none becomes one: other values as their text.
create function house.is_metadata(metadata jsonb) returns boolean
language sql immutable as $$
    select jsonb_typeof(metadata) = 'object'
    and (select count(*) <= 50 and coalesce(bool_and(jsonb_typeof(value) = 'string'
                                                     and length(value #>> '{}') <= 500
                                                     and length(key) <= 100), true)
         from jsonb_each(case when jsonb_typeof(metadata) = 'object' then metadata
                              else '{}' end))
$$;
grant execute on function house.is_metadata(jsonb) to tulou_tenant, tulou_platform;

update public.tenants t
set metadata = coalesce((select jsonb_object_agg(left(key, 100), left(value #>> '{}', 500))
                         from (select key, value
                               from jsonb_each(case when jsonb_typeof(t.metadata) = 'object'
                                                    then t.metadata else '{}' end)
                               where value <> 'null'
                               order by key
                               limit 50) kept), '{}')
where not house.is_metadata(metadata);
alter table public.tenants
    drop constraint tenants_metadata_size,
    add constraint tenants_metadata_check check (house.is_metadata(metadata));
