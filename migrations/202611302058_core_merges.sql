-- Records that were merged into another one: where their ids lead from now on. A chain of merges is
-- followed when it is asked for, so that undoing one of them takes one row away.
create table everyone.merged_records (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(), -- of the record that is no more
    resource text not null check (length(resource) between 1 and 63), -- its table
    winner_id uuid not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id)
) partition by list (tenant_id);
create index merged_records_winner_idx on everyone.merged_records (tenant_id, winner_id);
call house.tenant_table('merged_records');

grant select on house.custom_tables to tulou_tenant;

-- What one run left is what the next one found: undoing that makes the first undoable again.
create index bulk_rows_version_idx on everyone.bulk_rows (tenant_id, record_id)
    where version is not null;

-- Everything by which records of a table are referred to: columns of foreign keys; ids beside the
-- name of a table or resource (files); fields of the tenant's own, which stand in `custom` under a
-- key. `among` narrows the rows. `ordered`: they have places behind each other.
create function house.merge_places(name text, model text)
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
    union all
    select t.name, 'custom'::text, f.key, 'true'::text, false
    from custom_fields f
    join house.custom_tables t on t.resource = f.resource
    where f.type = 'reference' and f.refers_to = merge_places.model
    order by 1, 2, 3;
end
$$;
grant execute on function house.merge_places(text, text) to tulou_tenant, tulou_platform;

-- One merge of a tenant at a time. Locks first what refers to the records, then, by whoever calls,
-- the records themselves, always in the same order: who holds a row and waits for one of the records
-- is not waited for. How many rows refer to them.
create function house.merge_lock(name text, model text, records uuid[]) returns bigint
language plpgsql as $$
declare
    it record;
    count bigint;
    total bigint := 0;
begin
    perform pg_advisory_xact_lock(
        hashtextextended(current_setting('app.tenant_id') || name, 7311));
    for it in select * from house.merge_places(name, model) loop
        continue when it.key is not null;
        execute format('select count(*)
                        from (select from %I t where t.%I = any($1) and %s
                              order by t.id for no key update) locked',
                       it.place, it.col, it.among)
        into count using records;
        total := total + count;
    end loop;
    return total;
end
$$;
grant execute on function house.merge_lock(text, text, uuid[]) to tulou_tenant, tulou_platform;

-- What refers to `loser` refers to `winner` from now on, but for the tables of `stays`. What the
-- winner has already and may have once (a tag) stays too, and goes with the loser. What was moved,
-- with all that undoing needs: [{"table", "column", "key", "rows": [{"id", column: value …}]}].
create function house.merge_move(name text, model text, loser uuid, winner uuid, stays text[])
returns jsonb
language plpgsql as $$
declare
    it record;
    one jsonb;
    found_rows jsonb;
    did jsonb;
    moved jsonb := '[]';
    change text;
begin
    for it in select * from house.merge_places(name, model) loop
        continue when it.place = any(stays);
        if it.key is not null then
            execute format('with changed as (
                                update %I t
                                set custom = case when t.id = $2 then nullif(custom - $3, ''{}'')
                                                  else jsonb_set(custom, array[$3], to_jsonb($2::text)) end
                                where custom ->> $3 = $1::text and t.id <> $1
                                returning t.id
                            )
                            select jsonb_agg(jsonb_build_object(''id'', id) order by id) from changed',
                           it.place)
            into did using loser, winner, it.key;
        else
            execute format('select jsonb_agg(jsonb_build_object(''id'', t.id, %L, t.%I%s) order by t.id)
                            from %I t where t.%I = $1 and %s and t.id <> $1',
                           it.col, it.col,
                           case when it.ordered then ', ''position'', t.position' else '' end,
                           it.place, it.col, it.among)
            into found_rows using loser;
            continue when found_rows is null;
            change := format('update %I t set %I = $1%s where t.id = ', it.place, it.col,
                             case when it.ordered then format(
                                 ', position = t.position + (select coalesce(max(o.position), 0)
                                                             from %I o where o.%I = $1)',
                                 it.place, it.col) else '' end);
            begin
                execute change || 'any (array(select (r ->> ''id'')::uuid from jsonb_array_elements($2) r))'
                using winner, found_rows;
                did := found_rows;
            exception when unique_violation then
                did := '[]';
                for one in select r from jsonb_array_elements(found_rows) r loop
                    begin
                        execute change || '($2 ->> ''id'')::uuid' using winner, one;
                        did := did || jsonb_build_array(one);
                    exception when unique_violation then
                        null;
                    end;
                end loop;
            end;
        end if;
        if jsonb_array_length(coalesce(did, '[]')) > 0 then
            moved := moved || jsonb_build_array(jsonb_build_object(
                'table', it.place, 'column', it.col, 'key', it.key, 'rows', did));
        end if;
    end loop;
    return moved;
end
$$;
grant execute on function house.merge_move(text, text, uuid, uuid, text[])
    to tulou_tenant, tulou_platform;

-- The file that a field of the loser's holds becomes the winner's, or (with its lines) whatever the
-- winner has in the place of what it is given goes: as an image that `extras` keeps.
create function house.merge_take_file(name text, field text, loser uuid, winner uuid) returns jsonb
language plpgsql as $$
declare
    kept jsonb;
    moved jsonb;
begin
    with gone as (
        delete from files f
        where f.resource = merge_take_file.name and f.record_id = winner
        and f.field = merge_take_file.field
        returning to_jsonb(f) as row
    )
    select jsonb_agg(jsonb_build_object('row', g.row, 'parts', '[]'::jsonb)) into kept from gone g;
    with changed as (
        update files f set record_id = winner
        where f.resource = merge_take_file.name and f.record_id = loser
        and f.field = merge_take_file.field
        returning f.id
    )
    select jsonb_agg(jsonb_build_object('id', c.id, 'record_id', loser)) into moved from changed c;
    return jsonb_build_object('kept', kept, 'moved', jsonb_build_object(
        'table', 'files', 'column', 'record_id', 'key', null, 'rows', coalesce(moved, '[]')));
end
$$;
grant execute on function house.merge_take_file(text, text, uuid, uuid)
    to tulou_tenant, tulou_platform;

create function house.merge_take_rows(child text, col text, winner uuid) returns jsonb
language plpgsql as $$
declare
    kept jsonb;
begin
    execute format('select jsonb_agg(house.bulk_image(%L, t.id) order by t.id) from %I t where t.%I = $1',
                   child, child, col)
    into kept using winner;
    execute format('delete from %I t where t.%I = $1', child, col) using winner;
    return kept;
end
$$;
grant execute on function house.merge_take_rows(text, text, uuid) to tulou_tenant, tulou_platform;

-- Makes the loser of an image again, and what was moved refers to it again. What refers elsewhere by
-- now stays as it is: [{"id", "name"}].
create function house.merge_undo(name text, image jsonb) returns jsonb
language plpgsql as $$
declare
    loser constant uuid := (image -> 'row' ->> 'id')::uuid;
    winner constant uuid := (image ->> 'winner')::uuid;
    part jsonb;
    back uuid[];
    columns text;
    label text;
    kept jsonb := '[]';
    left_rows jsonb;
begin
    perform house.bulk_bring_back(name, image);
    for part in select p from jsonb_array_elements(image -> 'moved') p loop
        if part ->> 'key' is not null then
            execute format('with changed as (
                                update %I t
                                set custom = jsonb_set(coalesce(custom, ''{}''), array[$3], to_jsonb($1::text))
                                where t.id = any (array(select (r ->> ''id'')::uuid
                                                        from jsonb_array_elements($4) r))
                                and t.custom ->> $3 = $2::text
                                returning t.id
                            )
                            select coalesce(array_agg(id), ''{}'') from changed', part ->> 'table')
            into back using loser, winner, part ->> 'key', part -> 'rows';
        else
            columns := house.bulk_columns(part ->> 'table', (part -> 'rows' -> 0) - 'id');
            execute format('with changed as (
                                update %1$I t
                                set (%2$s) = (select %2$s from jsonb_populate_record(null::%1$I, r))
                                from jsonb_array_elements($2) r
                                where t.id = (r ->> ''id'')::uuid and t.%3$I = $1
                                returning t.id
                            )
                            select coalesce(array_agg(id), ''{}'') from changed',
                           part ->> 'table', columns, part ->> 'column')
            into back using winner, part -> 'rows';
        end if;
        label := case when exists (
            select from pg_attribute a
            where a.attrelid = house.bulk_table(part ->> 'table') and a.attname = 'name'
        ) then 't.name' else 'null' end;
        execute format('select jsonb_agg(jsonb_build_object(''id'', r ->> ''id'', ''name'', %s))
                        from jsonb_array_elements($1) r
                        left join %I t on t.id = (r ->> ''id'')::uuid
                        where (r ->> ''id'')::uuid <> all ($2)', label, part ->> 'table')
        into left_rows using part -> 'rows', back;
        kept := kept || coalesce(left_rows, '[]');
    end loop;
    for part in select p from jsonb_array_elements(image -> 'extras' -> 'parts') p loop
        perform house.bulk_bring_back(part ->> 'table', r)
        from jsonb_array_elements(part -> 'rows') r;
    end loop;
    delete from merged_records m where m.id = loser;
    return kept;
end
$$;
grant execute on function house.merge_undo(text, jsonb) to tulou_tenant, tulou_platform;
