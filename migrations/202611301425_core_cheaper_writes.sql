-- What PostgreSQL does for each statement that writes, it does for one row as for a thousand:
-- it reads the expressions of generated columns from their stored text, node by node. That of
-- search_text had seventy nodes, and reading it was a sixth of the instructions of a create with
-- its event. A call of a function has six.
create function house.search_words(texts text[]) returns text
language plpgsql immutable parallel safe as $$
declare
    raw constant text := array_to_string(texts, ' ');
begin
    return case when octet_length(raw) = length(raw) then ' ' || lower(raw)
                else house.search_text(raw) end;
end
$$;
grant execute on function house.search_words(text[]) to tulou_tenant, tulou_platform;

create or replace function house.search_expression(columns text[]) returns text
language sql immutable
return (select format('house.search_words(array[%s])',
                      string_agg(format('%I::text', c), ', '))
        from unnest(columns) c);

do $$
declare
    it record;
    place text;
begin
    for it in select t.name, house.searched_columns(format('everyone.%I', t.name)::regclass) as columns
              from house.tenant_tables t loop
        continue when it.columns is null;
        execute format('alter table everyone.%I drop column search_text', it.name);
        execute format('alter table everyone.%I add column search_text text not null
                        generated always as (%s) stored', it.name,
                       house.search_expression(it.columns));
        execute format('create index %I on everyone.%I using gin (tenant_id, search_text gin_trgm_ops)',
                       it.name || '_search_idx', it.name);
        call house.align_names('shared', it.name);
        for place in select house.tenant_schema(s.tenant_id) from house.tenant_schemas s loop
            call house.align_names(place, it.name);
        end loop;
    end loop;
    it.columns := house.searched_columns('public.tenants');
    alter table public.tenants drop column search_text;
    execute format('alter table public.tenants add column search_text text
                    generated always as (%s) stored', house.search_expression(it.columns));
end
$$;
create index tenants_search_idx on public.tenants using gin (search_text gin_trgm_ops);

-- As before, without a search_path of its own: nothing in it is looked for by a path, and setting
-- one for each event and back cost more than what the function does.
create or replace function house.event_written() returns trigger
language plpgsql security definer as $$
begin
    insert into house.events_open values (new.tenant_id, new.id);
    if not pg_catalog.pg_try_advisory_xact_lock_shared(1953857903, 1) then
        notify live;
    end if;
    return null;
end
$$;
alter function house.event_written() reset all;
