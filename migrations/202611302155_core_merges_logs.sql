-- Logs that nobody may change (append_only) stay with the record that they tell of: they go with the
-- one that is merged into another, and come back with it.
create or replace function house.merge_places(name text, model text)
returns table (place text, col text, key text, among text, ordered boolean)
language plpgsql stable as $$
begin
    return query
    select r.relname::text, a.attname::text, null::text, 'true'::text,
           c.confdeltype = 'c' and exists (
               select from pg_attribute p
               where p.attrelid = r.oid and p.attname = 'position' and not p.attisdropped)
    from pg_constraint c
    join pg_class r on r.oid = c.conrelid
    join pg_attribute a on a.attrelid = c.conrelid and a.attnum = any(c.conkey)
                        and a.attname <> 'tenant_id'
    where c.confrelid = house.bulk_table(merge_places.name) and c.contype = 'f'
    and c.conparentid = 0
    and (c.confdeltype <> 'c' or has_table_privilege(to_regclass(quote_ident(r.relname))::oid, 'UPDATE'))
    union all
    select r.relname::text, 'record_id'::text, null::text,
           format('resource in (%L, %L)%s', merge_places.name, merge_places.model,
                  case when r.relname = 'files' then ' and field is null' else '' end),
           false
    from pg_class r
    join pg_namespace n on n.oid = r.relnamespace
    join pg_attribute kind on kind.attrelid = r.oid and kind.attname = 'resource'
    join pg_attribute id on id.attrelid = r.oid and id.attname = 'record_id'
    where n.nspname = 'everyone' and r.relkind = 'p' and id.atttypid = 'uuid'::regtype
    and has_table_privilege(to_regclass(quote_ident(r.relname))::oid, 'UPDATE')
    union all
    select t.name, 'custom'::text, f.key, 'true'::text, false
    from custom_fields f
    join house.custom_tables t on t.resource = f.resource
    where f.type = 'reference' and f.refers_to = merge_places.model
    order by 1, 2, 3;
end
$$;
