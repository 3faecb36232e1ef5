-- What was done with many records at once: more of them than one request does wait here until a
-- job has come to each. What a change or a deletion replaced stays for thirty days, so that it can
-- be undone exactly.
create table everyone.bulk_runs (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    user_id uuid not null,
    actor_id uuid not null,   -- the user, or the API key
    resource text not null check (length(resource) between 3 and 100),
    action text not null check (length(action) between 1 and 60),
    input jsonb not null,     -- what is set, or what the action takes
    actor jsonb not null,     -- who goes on with it, and within which rights
    status text not null default 'running'
        check (status in ('running', 'done', 'undoing', 'undone')),
    undoable boolean not null,
    total integer not null,
    handled integer not null default 0,
    done integer not null default 0,
    restored integer not null default 0,
    kept integer not null default 0,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint bulk_runs_user_id_fkey foreign key (tenant_id, user_id)
        references everyone.users (tenant_id, id) on delete cascade
) partition by list (tenant_id);
create index bulk_runs_user_idx on everyone.bulk_runs (tenant_id, user_id, id);
create index bulk_runs_created_idx on everyone.bulk_runs (created_at);
call house.tenant_table('bulk_runs');

create table everyone.bulk_rows (
    tenant_id uuid not null,
    id uuid not null default house.uuid7(),
    run_id uuid not null,
    record_id uuid not null,
    position integer not null,
    state text not null default 'waiting'
        check (state in ('waiting', 'done', 'refused', 'restored', 'kept')),
    status integer,      -- of what was refused or kept: what a request for it alone would answer
    code text,
    message text,
    label text,          -- what the record was called
    before jsonb,        -- columns that were changed; or house.bulk_image() of what was deleted
    version timestamptz, -- updated_at as the change left it
    primary key (tenant_id, id),
    constraint bulk_rows_run_id_fkey foreign key (tenant_id, run_id)
        references everyone.bulk_runs (tenant_id, id) on delete cascade
) partition by list (tenant_id);
create unique index bulk_rows_record_key on everyone.bulk_rows (tenant_id, run_id, record_id);
create index bulk_rows_told_idx on everyone.bulk_rows (tenant_id, run_id, position)
    where state in ('refused', 'kept');
create index bulk_rows_state_idx on everyone.bulk_rows (tenant_id, run_id, state, position);
call house.tenant_table('bulk_rows');

-- The table as the catalogue knows it, for those who may not look into `everyone` by name.
create function house.bulk_table(name text) returns oid
language sql stable as $$
    select c.oid
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'everyone' and c.relname = bulk_table.name
$$;
grant execute on function house.bulk_table(text) to tulou_tenant, tulou_platform;

-- A record with all that its deletion takes along or empties, read with the caller's own rights:
-- {"row", "parts": [{"table", "column", "rows": images}, {"table", "column", "emptied": ids}]}.
create function house.bulk_image(name text, record uuid) returns jsonb
language plpgsql stable as $$
declare
    image jsonb;
    found_rows jsonb;
    parts jsonb := '[]';
    it record;
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
    select jsonb_agg(jsonb_build_object('row', to_jsonb(f), 'parts', '[]'::jsonb)) into found_rows
    from files f
    where f.resource = bulk_image.name and f.record_id = bulk_image.record;
    if found_rows is not null then
        parts := parts || jsonb_build_object('table', 'files', 'column', 'record_id',
                                             'rows', found_rows);
    end if;
    return jsonb_build_object('row', image, 'parts', parts);
end
$$;
grant execute on function house.bulk_image(text, uuid) to tulou_tenant, tulou_platform;

-- Columns that can be written, of those named (null: all), as SQL writes them.
create function house.bulk_columns(name text, named jsonb) returns text
language sql stable as $$
    select string_agg(quote_ident(a.attname), ', ' order by a.attnum)
    from pg_attribute a
    where a.attrelid = house.bulk_table(name) and a.attnum > 0
    and not a.attisdropped and a.attgenerated = '' and (named is null or named ? a.attname)
$$;
grant execute on function house.bulk_columns(text, jsonb) to tulou_tenant, tulou_platform;

-- Makes the record of an image again, with what went along and, where nothing else was put there
-- since, what was emptied.
create function house.bulk_bring_back(name text, image jsonb) returns void
language plpgsql as $$
declare
    columns constant text := house.bulk_columns(name, null);
    part jsonb;
begin
    execute format('insert into %I (%s) select %s from jsonb_populate_record(null::%I, $1)',
                   name, columns, columns, name)
    using image -> 'row';
    for part in select p from jsonb_array_elements(image -> 'parts') p loop
        if part ? 'rows' then
            perform house.bulk_bring_back(part ->> 'table', r)
            from jsonb_array_elements(part -> 'rows') r;
        else
            execute format('update %I set %I = $1
                            where id in (select v::uuid from jsonb_array_elements_text($2) v)
                            and %I is null',
                           part ->> 'table', part ->> 'column', part ->> 'column')
            using (image -> 'row' ->> 'id')::uuid, part -> 'emptied';
        end if;
    end loop;
end
$$;
grant execute on function house.bulk_bring_back(text, jsonb) to tulou_tenant, tulou_platform;

-- Writes columns as they were, unless the record was changed since. Whether it was written.
create function house.bulk_put_back(name text, record uuid, before jsonb, version timestamptz)
returns boolean
language plpgsql as $$
declare
    columns constant text := house.bulk_columns(name, before);
    there boolean;
begin
    if columns is null then
        return true;
    end if;
    execute format('update %I t
                    set (%s) = (select %s from jsonb_populate_record(null::%I, $1))
                    where t.id = $2 and t.updated_at = $3
                    returning true',
                   name, columns, columns, name)
    into there using before, record, version;
    return coalesce(there, false);
end
$$;
grant execute on function house.bulk_put_back(text, uuid, jsonb, timestamptz)
    to tulou_tenant, tulou_platform;

-- The contents of files that an image has stay for as long as it can be undone.
create function house.bulk_keep_files(image jsonb) returns void
language sql security definer set search_path = '' as $$
    update house.file_leavings l
    set due_at = now() + interval '31 days'
    from jsonb_path_query(image, '$.**.parts[*] ? (@.table == "files").rows[*].row.id') f
    where l.tenant_id = current_setting('app.tenant_id')::uuid and l.id = (f #>> '{}')::uuid
$$;
revoke execute on function house.bulk_keep_files(jsonb) from public;
grant execute on function house.bulk_keep_files(jsonb) to tulou_tenant, tulou_platform;
