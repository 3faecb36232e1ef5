-- A record with all that its deletion takes along or empties (202611301745), now with what stands
-- beside it under its table's name: its files, and the comments on it with those whom they name.
create or replace function house.bulk_image(name text, record uuid) returns jsonb
language plpgsql stable as $$
declare
    image jsonb;
    found_rows jsonb;
    parts jsonb := '[]';
    it record;
    beside text;
begin
    execute format('select to_jsonb(t) from %I t where t.id = $1', name) into image using record;
    for it in
        select r.relname as name, a.attname as col, c.confdeltype = 'c' as goes
        from pg_constraint c
        join pg_class r on r.oid = c.conrelid
        join pg_attribute a on a.attrelid = c.conrelid and a.attnum = any(c.conkey)
                            and a.attname <> 'tenant_id'
        where c.confrelid = house.bulk_table(bulk_image.name) and c.contype = 'f'
        and c.conparentid = 0 and c.confdeltype in ('c', 'n')
        order by r.relname, a.attname
    loop
        execute format('select jsonb_agg(%s order by t.id) from %I t where t.%I = $1',
                       case when it.goes then format('house.bulk_image(%L, t.id)', it.name)
                            else 't.id' end,
                       it.name, it.col)
        into found_rows using record;
        if found_rows is not null then
            parts := parts || jsonb_build_object('table', it.name, 'column', it.col,
                                                 case when it.goes then 'rows' else 'emptied' end,
                                                 found_rows);
        end if;
    end loop;
    foreach beside in array array['files', 'comments'] loop
        continue when beside = name;
        execute format('select jsonb_agg(house.bulk_image(%L, t.id) order by t.id)
                        from %I t where t.resource = $1 and t.record_id = $2', beside, beside)
        into found_rows using name, record;
        if found_rows is not null then
            parts := parts || jsonb_build_object('table', beside, 'column', 'record_id',
                                                 'rows', found_rows);
        end if;
    end loop;
    return jsonb_build_object('row', image, 'parts', parts);
end
$$;
