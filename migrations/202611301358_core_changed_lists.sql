-- Every list of records may be sorted and filtered by when they were changed last, so that a
-- client can fetch what is new since it asked before. A table whose rows say that has the index.
create procedure house.index_changes(name text)
language plpgsql as $$
declare
    place text;
begin
    if not exists (select from pg_attribute a
                   where a.attrelid = format('everyone.%I', name)::regclass
                   and a.attname = 'updated_at')
    or not exists (select from pg_attribute a
                   where a.attrelid = format('everyone.%I', name)::regclass
                   and a.attname = 'id') then
        return;
    end if;
    execute format('create index %I on everyone.%I (tenant_id, updated_at, id)',
                   name || '_updated_idx', name);
    call house.align_names('shared', name);
    for place in select house.tenant_schema(s.tenant_id) from house.tenant_schemas s loop
        call house.align_names(place, name);
    end loop;
end
$$;

create or replace procedure house.tenant_table(name text, event text default null,
                                               secret text[] default '{}',
                                               search text[] default '{}',
                                               append_only boolean default false)
language plpgsql as $$
declare
    tenant uuid;
begin
    call house.check_conventions(name, event);
    insert into house.tenant_tables values (name, append_only);
    if cardinality(search) > 0 then
        call house.make_search(name, search);
    end if;
    call house.protect('everyone', name, append_only);
    call house.make_partition('shared', name, append_only, 'default');
    for tenant in select s.tenant_id from house.tenant_schemas s loop
        call house.make_partition(house.tenant_schema(tenant), name, append_only,
                                  format('for values in (%L)', tenant));
    end loop;
    if exists (select from pg_attribute a
               where a.attrelid = format('everyone.%I', name)::regclass
               and a.attname = 'updated_at') then
        execute format('create trigger touch before update on everyone.%I
                        for each row execute function house.touch()', name);
    end if;
    call house.index_changes(name);
    if event is not null then
        execute format('create trigger event after insert or update or delete on everyone.%I
                        for each row execute function house.event_append(%s)', name,
                       (select string_agg(quote_literal(argument), ', ')
                        from unnest(array[event] || secret) argument));
    end if;
end
$$;

-- Of the tables that are there, those whose records are listed.
do $$
declare
    name text;
begin
    foreach name in array array['users', 'roles', 'ip_rules', 'leads', 'sso_providers',
                                'sso_identities', 'user_imports', 'teams', 'team_members',
                                'companies', 'contacts', 'deals', 'deal_notes'] loop
        call house.index_changes(name);
    end loop;
end
$$;
create index users_changed_idx on everyone.users (updated_at, id); -- operators see all tenants'
create index tenants_updated_idx on public.tenants (updated_at, id);
