-- What makes a table a tenant's: a partition for those who share, policies,
-- rights and triggers. A migration writes the columns and says
--
--     create table everyone.leads (tenant_id uuid not null, …,
--         primary key (tenant_id, id)) partition by list (tenant_id);
--     call house.tenant_table('leads', event => 'crm.leads', search => '{name,email}');
--
-- Indexes and foreign keys may be added to everyone.leads before or after; what
-- gets a name of its own should come before (see house.align_names).

create table house.tenant_tables (
    name text primary key,
    append_only boolean not null
);

-- Tenants that live by themselves, and the schema of each.
create table house.tenant_schemas (
    tenant_id uuid primary key
);

create function house.tenant_schema(tenant uuid) returns text
language sql immutable
return 'tenant_' || replace(tenant::text, '-', '');

-- Row-level security on one table or partition, enabled and forced. Policies
-- and grants sit on each partition, since the tenant role addresses it
-- directly. current_setting without a default: an unset or empty tenant is an
-- error. The owner's policy is for SECURITY DEFINER functions where the owner
-- is no superuser.
create procedure house.protect(place text, name text, append_only boolean)
language plpgsql as $$
declare
    target text := format('%I.%I', place, name);
    rights text := case when append_only then 'select, insert'
                        else 'select, insert, update, delete' end;
    roles text := case when place = 'everyone' then 'tulou_platform'
                       else 'tulou_tenant, tulou_platform' end;
    same_tenant text := 'tenant_id = current_setting(''app.tenant_id'')::uuid';
begin
    execute format('alter table %s enable row level security', target);
    execute format('alter table %s force row level security', target);
    execute format('create policy tenant on %s to tulou_tenant using (%s) with check (%s)',
                   target, same_tenant, same_tenant);
    execute format('create policy platform on %s to tulou_platform using (true) with check (true)',
                   target);
    execute format('create policy owner on %s to current_user using (true) with check (true)',
                   target);
    execute format('revoke all on %s from public', target);
    execute format('grant %s on %s to %s', rights, target, roles);
end
$$;

-- PostgreSQL invents names for the indexes of a partition. Errors report them,
-- and people are told the field by the name, so they get the parent's.
create procedure house.align_names(place text, name text)
language plpgsql as $$
declare
    it record;
begin
    for it in
        select child.relname as invented, parent.relname as given
        from pg_index i
        join pg_class child on child.oid = i.indexrelid
        join pg_inherits h on h.inhrelid = child.oid
        join pg_class parent on parent.oid = h.inhparent
        where i.indrelid = format('%I.%I', place, name)::regclass
        and child.relname <> parent.relname
    loop
        execute format('alter index %I.%I rename to %I', place, it.invented, it.given);
    end loop;
end
$$;

-- One partition with all that belongs to it; bounds: 'default' or 'for values in (…)'.
create procedure house.make_partition(place text, name text, append_only boolean, bounds text)
language plpgsql as $$
begin
    execute format('create table %I.%I partition of everyone.%I %s', place, name, name, bounds);
    call house.align_names(place, name);
    call house.protect(place, name, append_only);
end
$$;

-- Search: behind a policy PostgreSQL uses no trigram index, since LIKE is not
-- leakproof. So these run as the owner and name the tenant themselves, and
-- nothing else:
--     house.search_leads(query)        ids of the tenant that is set
--     house.search_every_leads(query)  of all tenants; the platform role only
create procedure house.make_search(name text, columns text[])
language plpgsql as $$
declare
    words text := (select string_agg(format('coalesce(%I::text, '''')', c), ' || '' '' || ')
                   from unnest(columns) c);
    form text := 'create function house.%I(query text) returns setof uuid
                  language plpgsql stable rows 100 security definer set search_path = '''' as
                  $f$begin
                      return query select id from everyone.%I
                          where %s search_text like house.like_pattern(query);
                  end$f$';
begin
    execute format('alter table everyone.%I add column search_text text not null
                    generated always as (lower(%s)) stored', name, words);
    execute format('create index %I on everyone.%I using gin (tenant_id, search_text gin_trgm_ops)',
                   name || '_search_idx', name);
    execute format(form, 'search_' || name, name,
                   'tenant_id = current_setting(''app.tenant_id'')::uuid and');
    execute format(form, 'search_every_' || name, name, '');
    execute format('grant execute on function house.%I(text) to tulou_tenant, tulou_platform',
                   'search_' || name);
    execute format('grant execute on function house.%I(text) to tulou_platform',
                   'search_every_' || name);
end
$$;

-- Refuses a definition that breaks the data conventions. tenant_id in the key
-- and in every unique constraint is PostgreSQL's own demand on partitions.
create procedure house.check_conventions(name text, event text)
language plpgsql as $$
declare
    it record;
    has_id boolean := false;
begin
    for it in
        select a.attname as column, format_type(a.atttypid, a.atttypmod) as type,
               a.attnotnull as required, a.atthasdef as filled
        from pg_attribute a
        where a.attrelid = format('everyone.%I', name)::regclass
        and a.attname in ('tenant_id', 'id', 'created_at', 'updated_at')
    loop
        if not it.required then
            raise exception '%.% must be not null', name, it.column;
        end if;
        if it.type <> (case when it.column like '%id' then 'uuid'
                            else 'timestamp with time zone' end) then
            raise exception '%.% must not be of type %', name, it.column, it.type;
        end if;
        if it.column = 'id' and not it.filled then
            execute format('alter table everyone.%I alter column id set default house.uuid7()',
                           name);
        elsif it.column like '%_at' and not it.filled then
            execute format('alter table everyone.%I alter column %I set default now()',
                           name, it.column);
        end if;
        has_id := has_id or it.column = 'id';
    end loop;
    if event is not null and not has_id then
        raise exception '% has events, so it needs an id', name;
    end if;
    if not exists (select from pg_constraint c
                   where c.conrelid = format('everyone.%I', name)::regclass
                   and c.contype = 'p'
                   and c.conkey[1] = (select a.attnum from pg_attribute a
                                      where a.attrelid = c.conrelid
                                      and a.attname = 'tenant_id')) then
        raise exception 'the primary key of % must begin with tenant_id', name;
    end if;
end
$$;

-- event: name of its changes in `events` ("crm.leads" gives crm.leads.created …);
-- secret: columns that events show as ***; search: columns that q= searches;
-- append_only: the application may only insert and select.
create procedure house.tenant_table(name text, event text default null, secret text[] default '{}',
                                    search text[] default '{}', append_only boolean default false)
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
    if event is not null then
        execute format('create trigger event after insert or update or delete on everyone.%I
                        for each row execute function house.event_append(%s)', name,
                       (select string_agg(quote_literal(argument), ', ')
                        from unnest(array[event] || secret) argument));
    end if;
end
$$;

-- Partitions of its own for one tenant, in its own schema. Each costs every
-- foreign key and every access through a parent, so this is for tenants who need
-- it, not for thousands (an insert with a foreign key: 40 microseconds of the
-- server with no such schema, 80 with 50 of them). (It must have no
-- rows in `shared`: moving them is another command's work.)
create procedure house.tenant_schema_create(tenant uuid)
language plpgsql as $$
declare
    place text := house.tenant_schema(tenant);
    it record;
begin
    insert into house.tenant_schemas values (tenant);
    execute format('create schema %I', place);
    execute format('grant usage on schema %I to tulou_tenant, tulou_platform', place);
    for it in select t.name, t.append_only from house.tenant_tables t order by t.name loop
        call house.make_partition(place, it.name, it.append_only,
                                  format('for values in (%L)', tenant));
    end loop;
end
$$;
